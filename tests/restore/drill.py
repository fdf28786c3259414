"""A driver of restores: what happens before the backup and after it, and the command at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import requests
from click.testing import Result
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.orders.models import Order
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import Transaction
from payments_app.payments.queries import payable_id_of
from payments_app.subscriptions.renew import advance
from tests.bystanders import own
from tests.checkout.keyed import buy
from tests.inbound.webhook_sender import WebhookSender
from tests.refunds.refund_steps import at_stripe, give_back
from tests.refunds.test_disputes import send_event
from tests.restore.backup import Backup
from tests.subscriptions.billing_driver import BillingDriver

VISA, DECLINED, DISPUTED, ASKED = (
    "4242424242424242",
    "4000000000000002",
    "4000000000000259",
    "4000002760003184",
)


class Drill(BillingDriver):
    def __init__(self, app: Flask, redis_urls: tuple[str, str]) -> None:
        super().__init__(app)
        self._redis_urls = redis_urls
        self._url = app.config["CONFIG"].database_url
        self._backup: Backup | None = None
        self.browser = app.test_client()
        self.bought_under: dict[str, str] = {}

    def buy(self, key: str, card: str = VISA, **wish: Any) -> TestResponse:
        """Send a wish to pay, always from the same browser, with a card that is typed."""
        email = wish.setdefault("email", "ada@example.com")
        token = self.token(card, email, keep=wish.pop("keep", False))
        if asked := db.session.get(PaymentRequest, wish.get("item", "")):
            wish["item"] = asked.checkout_name
        return buy(self.browser, key, payment_method=None, confirmation_token=token, **wish)

    def token(self, card: str, email: str, *, keep: bool) -> str:
        """What Stripe's own fields make of a card, as the checkout's script asks them to."""
        card_entered = {"number": card, "exp_month": "12", "exp_year": "2034", "cvc": "123"}
        answer = requests.post(
            f"{self.config.stripe_api_base}/v1/confirmation_tokens",
            auth=(self.config.stripe_publishable_key, ""),
            data={
                "payment_method_data[type]": "card",
                "payment_method_data[billing_details][email]": email,
                **({"setup_future_usage": "off_session"} if keep else {}),
                **{f"payment_method_data[card][{n}]": v for n, v in card_entered.items()},
            },
            timeout=10,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def bought(self, key: str, card: str = VISA, **wish: Any) -> str:
        """The same, with all that is due done: the transaction's id."""
        answer = self.buy(key, card, **wish)
        assert answer.status_code == 202, answer.text
        self.work()
        self.bought_under[key] = str(answer.json["id"])
        return self.bought_under[key]

    def back_up(self) -> None:
        db.session.rollback()
        self._backup = Backup(self._url)

    def restore_backup(self) -> None:
        """The database is as it was; Redis, which has no backup, is empty."""
        db.session.rollback()
        db.session.remove()
        assert self._backup is not None
        self._backup.restore()
        for url in self._redis_urls:
            with Redis.from_url(url) as client:
                client.flushdb()

    def close(self) -> None:
        db.session.rollback()
        if self._backup is not None:
            self._backup.close()

    def restore(self, *options: str, say: str = "") -> Result:
        """`flask restore`, answered with what is said."""
        db.session.rollback()
        return self.app.test_cli_runner().invoke(
            args=["restore", *options], input=f"{say}\n{say}\n"
        )

    @contextlib.contextmanager
    def another_secret(self) -> Iterator[None]:
        """As if this were another installation on the same account."""
        before = self.app.config["CONFIG"]
        self.app.config["CONFIG"] = replace(before, secret_key="another" * 8)
        yield
        self.app.config["CONFIG"] = before

    def try_again(self, member: str) -> None:
        """The time comes in which a bill that was not paid is tried again."""
        planned = self.periods(member)[-1].next_try_at
        assert planned is not None
        advance(member, planned)
        self.work("charges")
        self.work()

    def live_before_the_backup(self) -> None:
        """An order, one of which a part went back, a member, and a buyer whose bank asks."""
        self.bought("order")
        self.refunded = self.bought("refunded")
        give_back(self, self.refunded, 300)
        self.join("2026-01-31")
        self.asked = self.bought("asked", ASKED)
        self.finish()

    def live_after_it(self) -> None:
        """The same goes on, and there is a new buyer, a download, a dispute and a new member."""
        self.bought("new", email="bob@example.com", item="tea-tin", quantity=2)
        self.bought("declined", DECLINED)
        give_back(self, self.bought("given back"))
        give_back(self, self.refunded, 200)
        self.bought("file", item="folding-pattern")
        self.bought("disputed", DISPUTED)
        send_event(self)
        self.go_to("2026-02-28")
        self.pass_bank_check(self.asked)
        self.check(self.asked)
        self.bought("member", item="coffee-club", email="carol@example.com", keep=True)
        self.finish()

    def finish(self) -> None:
        """Let the time come in which books are kept and settled."""
        for command in ("ledger.post_fee", "settlement.capture", "settlement.posted"):
            self.make_due(command)
        for command in ("settlement.refund", "settlement.dispute", "connect.read"):
            self.make_due(command)
        self.work()
        self.work()

    def age_all_keys_at_stripe(self) -> None:
        """A day later Stripe knows no idempotency key any more."""
        self.sandbox("DELETE", "/_sandbox/idempotency_keys")

    def raise_alert(self) -> None:
        _raise_alert()

    def receive_event(self, type: str, about: str) -> None:
        """Stripe's newest event of this type, posted to us and worked on."""
        post = WebhookSender(self)
        post.send(post.told(type, about))

    def intents_here(self) -> list[str | None]:
        return self._read(Transaction.stripe_payment_id, Transaction)

    def refunds_at_stripe(self) -> list[dict[str, Any]]:
        return at_stripe(self)

    def mails(self) -> list[str]:
        """The keys of all mails that were written."""
        return self._read(Mail.key, Mail)

    def handed_over(self) -> set[str]:
        """The orders that were."""
        db.session.rollback()
        found = select(Order.id).where(own(Order), Order.fulfilled_at.is_not(None))
        return set(db.session.scalars(found))

    def orders_of(self, *keys: str) -> set[str]:
        """The orders that were bought under these keys."""
        bought = [self.bought_under[key] for key in keys]
        return {payable_id_of(db.session(), one, "order") or "" for one in bought}

    def merchant_events(self) -> list[str]:
        return self._read(WebhookEvent.id, WebhookEvent)

    def waiting(self, command: str) -> int:
        return sum(message.done_at is None for message in self.messages(command))

    def _read(self, column: Any, model: Any) -> list[str]:
        db.session.rollback()
        return sorted(db.session.scalars(select(column).where(own(model))))


@atomic
def _raise_alert(session: Session) -> None:
    alerts.raise_alert(session, "test", "test", "Somebody must look")


def done(result: Result) -> str:
    """What the command said, where it ended well."""
    assert result.exit_code == 0, result.output
    return result.output
