"""Stripe's id of a card is read by nobody: its brand and last four digits tell which it was."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import outbox
from payments_app.core.logs import JsonFormatter, redact
from payments_app.customers.look_again import READ_CARD
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.csv_rows import csv_rows
from tests.customers.mailed_link import known
from tests.customers.shoppers import buy, cards, customer
from tests.customers.tokens import token_of
from tests.own_worker import work

pytestmark = pytest.mark.portable


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is written to the log, the library's own lines too."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root, stripe = logging.getLogger(), logging.getLogger("stripe")
    levels = root.level, stripe.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    stripe.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(levels[0])
    stripe.setLevel(levels[1])


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
    return CheckoutClient(app, client)


class World:
    """Ada saved a card and paid with it; a payment that named it in vain failed."""

    def __init__(self, checkout: CheckoutClient) -> None:
        self.checkout, self.ada = checkout, checkout.client
        buy(checkout, self.ada)
        known(checkout, browser=self.ada)
        self.saved = buy(checkout, self.ada, save_card=True)
        self.method = cards(checkout)[0].payment_method
        self.paid = buy(checkout, self.ada, payment_method=None, saved_card=cards(checkout)[0].id)
        token = token_of(checkout, self.method, "off_session")
        means = {"payment_method": None, "confirmation_token": token, "save_card": True}
        self.failed = buy(checkout, checkout.stranger(), **means)
        with checkout.app.app_context():
            work("default")
        self.staff = StaffDriver(checkout.app).signed_in("admin")


@pytest.fixture
def world(log: io.StringIO, checkout: CheckoutClient) -> World:
    return World(checkout)


def of_staff(path: str) -> Callable[[World], str]:
    def read(world: World) -> str:
        id_ = customer(world.checkout).id
        answer = world.staff.get(path.format(w=world, customer=id_))
        assert answer.status_code == 200, path
        return answer.text

    return read


def of_ada(path: str, accept: str = BROWSER["Accept"]) -> Callable[[World], str]:
    def read(world: World) -> str:
        answer = world.ada.get(
            path.format(w=world), headers={"Accept": accept}, follow_redirects=True
        )
        assert answer.status_code == 200, path
        return answer.text

    return read


PLACES = {
    "staff: saved": of_staff("/staff/payments/{w.saved}"),
    "staff: paid": of_staff("/staff/payments/{w.paid}"),
    "staff: failed": of_staff("/staff/payments/{w.failed}"),
    "staff: list": of_staff("/staff/payments"),
    "staff: csv": of_staff("/staff/payments.csv"),
    "staff: customer": of_staff("/staff/customers/{customer}"),
    "staff: audit": of_staff("/staff/audit"),
    "staff: retry": of_staff("/staff/payments/{w.failed}/retries"),
    "account": of_ada("/account"),
    "subscriptions": of_ada("/account/subscriptions"),
    "checkout": of_ada("/checkout/field-notes"),
    "status page": of_ada("/transactions/{w.paid}"),
    "status": of_ada("/transactions/{w.paid}", "application/json"),
    "api": of_ada("/api/v1/transactions/{w.saved}", "application/json"),
    "thank-you": of_ada("/thankyou?transaction={w.saved}"),
}


def test_no_page_and_no_export_holds_a_card_s_id(world: World) -> None:
    secret = world.method.removeprefix("pm_")
    assert [place for place, read in PLACES.items() if secret in read(world)] == []


def test_the_export_has_the_failed_payment_without_the_id(world: World) -> None:
    rows = csv_rows(world.staff.get("/staff/payments.csv").text)
    (failed,) = [row for row in rows if row["Id"] == world.failed]
    assert "does not own the payment method pm_[cut]" in failed["Error Details"]


def test_staff_read_brand_and_last_four_digits(world: World) -> None:
    assert "Visa •••• 4242" in world.staff.get(f"/staff/payments/{world.paid}").text


def test_no_log_line_holds_a_card_s_id(world: World, log: io.StringIO) -> None:
    logging.getLogger("payments_app").error("refused: %s", world.method)
    assert "refused" in log.getvalue()
    assert world.method not in log.getvalue()


def test_no_webhook_and_no_mail_holds_a_card_s_id(world: World) -> None:
    with world.checkout.app.app_context():
        bodies = list(db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))))
        mails = list(db.session.scalars(select(Mail).where(own(Mail))))
        texts = bodies + [mail.text + mail.html + mail.subject for mail in mails]
    assert texts
    assert not any(world.method in text for text in texts)


def test_no_alert_holds_a_card_s_id(world: World) -> None:
    with world.checkout.app.app_context():
        _raise(f"Stripe says: no such {world.method}")
        assert db.session.scalars(select(Alert.message)).all()[-1] == (
            "Stripe says: no such pm_[cut]"
        )


def test_no_wake_up_in_redis_holds_a_card_s_id(
    world: World, redis_clients: dict[str, Redis], redis_urls: tuple[str, str]
) -> None:
    jobs = redis_clients[redis_urls[0]]
    jobs.flushdb()
    with world.checkout.app.app_context():
        _read_again(world.method)
    (told,) = (jobs.hgetall(name) for name in jobs.scan_iter("rq:job:*"))
    assert told[b"description"] == b"customers.read_card pm_[cut]"
    assert world.method not in str(told)


@atomic
def _read_again(session: Session, method: str) -> None:
    outbox.stage(session, READ_CARD, method)


@atomic
def _raise(session: Session, message: str) -> None:
    alerts.raise_alert(session, "odd", "odd", message)


@pytest.mark.parametrize(
    "text",
    ["pm_1NabcDEF0123456789", "card_1NabcDEF0123456789", "src_1NabcDEF0123456789"],
)
def test_a_card_s_id_is_cut_from_the_log(text: str) -> None:
    assert redact(f"no such {text}, sorry") == f"no such {text.partition('_')[0]}_[cut], sorry"


@pytest.mark.parametrize("before", ["pm_card_", "pm_card_x", "card_", "x"])
@pytest.mark.parametrize("kind", ["pm", "src"])
def test_a_card_s_id_behind_other_letters_is_cut_too(before: str, kind: str) -> None:
    text = f"No such PaymentMethod: '{before}{kind}_1NabcDEF0123456789'"
    assert redact(text) == f"No such PaymentMethod: '{before}{kind}_[cut]'"


def test_an_id_that_was_sent_within_another_is_on_no_page(world: World) -> None:
    named = buy(world.checkout, world.checkout.stranger(), payment_method=f"pm_card_{world.method}")
    for path in (f"/staff/payments/{named}", "/staff/payments.csv"):
        told = world.staff.get(path).text
        assert "pm_card_pm_[cut]" in told
        assert world.method not in told


@pytest.mark.parametrize(
    "text",
    [
        "pm_card_visa_chargeDeclined",
        "pm_card_chargeDeclinedInsufficientFunds",
        "card_declined",
        "card_velocity_exceeded",
        "card_9a16th9xfm78m7xkeqt2c5t2k0",
    ],
)
def test_what_is_no_card_at_stripe_stays(text: str) -> None:
    assert redact(f"it was {text}") == f"it was {text}"
