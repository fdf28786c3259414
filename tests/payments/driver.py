"""A driver of payments: opens them, does the work that is due, reads what became of them."""

from __future__ import annotations

from typing import Any

import requests
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.leases import CRASHES
from payments_app.core.jobs.outbox import Message
from payments_app.customers.find import customer_for
from payments_app.gateway.breaker import Breaker
from payments_app.orders.models import Order
from payments_app.orders.place import place
from payments_app.orders.product_models import Product
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from tests.own_database import expect_failure
from tests.own_worker import work, work_all_due


class PaymentDriver:
    """What a test of payments needs, in its own words."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.config = app.config["CONFIG"]

    def create_order(self, amount: int = 1099, currency: str = "usd") -> str:
        return _create_order(amount, currency)

    def open(self, card: str = "pm_card_visa", order: str | None = None, **more: Any) -> str:
        """A pending transaction, paid with one of the sandbox's test cards."""
        return _open(order or self.create_order(more.pop("amount", 1099)), card, more)

    def pay(self, card: str = "pm_card_visa", order: str | None = None, **more: Any) -> str:
        """The same, with all that is due done."""
        transaction = self.open(card, order, **more)
        self.work()
        return transaction

    def work(self, *queues: str) -> None:
        """What is due on these queues, each looked at once; without names, on all."""
        if queues:
            for queue in queues:
                work(queue)
        else:
            work_all_due()

    def work_all_waiting(self) -> None:
        """Do also what is put off, as if its time had come."""
        self.make_due()
        self.work()

    def make_due(self, command: str | None = None) -> None:
        _make_due(command)

    def pay_for_instead(self, transaction_id: str, kind: str, payable_id: str) -> None:
        """As if the payment were for something else: of an unknown kind, or gone."""
        _pay_for_instead(transaction_id, kind, payable_id)

    def charge_elsewhere(self, kind: str, payable_id: str, card: str = "pm_card_visa") -> str:
        """A payment that was sent to Stripe where its kind is known, and whose answer got lost:
        what waits here brings it out."""
        self.fail_stripe("500_after", "/confirm$")
        sent = self.open(card)
        self.work("charges")
        assert self.read(sent).phase == Phase.UNKNOWN
        self.pay_for_instead(sent, kind, payable_id)
        return sent

    def let_workers_die(self, command: str) -> None:
        """Every worker that took such a message died of it, as often as is put up with."""
        expect_failure(command)
        _let_workers_die(command)

    def age(self, transaction_id: str, seconds: float) -> None:
        """Let a transaction be older than it is."""
        _age(transaction_id, seconds)

    def read(self, transaction_id: str) -> Transaction:
        db.session.rollback()
        return db.session.get_one(Transaction, transaction_id, populate_existing=True)

    def order(self, order_id: str) -> Order:
        db.session.rollback()
        return db.session.get_one(Order, order_id, populate_existing=True)

    def happened(self, transaction_id: str) -> list[str]:
        """What the timeline says, oldest first."""
        db.session.rollback()
        return list(
            db.session.scalars(
                select(HistoryEntry.what)
                .where(HistoryEntry.transaction_id == transaction_id)
                .order_by(HistoryEntry.id)
            )
        )

    def messages(self, command: str) -> list[Message]:
        db.session.rollback()
        return list(
            db.session.scalars(
                select(Message).where(Message.command == command).order_by(Message.id)
            )
        )

    def sandbox(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the sandbox itself."""
        answer = requests.request(
            method,
            f"{self.config.stripe_api_base}{path}",
            auth=(self.config.stripe_secret_key, ""),
            json=body or None,
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    def intents(self) -> list[dict[str, Any]]:
        """Every payment intent of this test at Stripe."""
        found: list[dict[str, Any]] = self.sandbox("GET", "/v1/payment_intents?limit=100")["data"]
        return found

    def fail_stripe(self, fault: str, path: str = "", **rule: Any) -> None:
        """From now on `fault` strikes calls to `path`, with the sandbox's `times`, `nth`, `ms`."""
        match = {"path": path} | ({"nth": rule.pop("nth")} if "nth" in rule else {})
        self.sandbox("POST", "/_sandbox/faults", fault=fault, match=match, **rule)

    def pass_bank_check(self, transaction_id: str) -> None:
        """The buyer finishes the bank's check, and we do not hear of it."""
        self.answer_bank_check(transaction_id, "complete")

    def answer_bank_check(self, transaction_id: str, answer: str) -> None:
        """The buyer's answer to the bank: `complete` or `fail`."""
        action = self.read(transaction_id).stripe_data["next_action"]["use_stripe_sdk"]
        page = action["stripe_js"]
        requests.post(page, data={"answer": answer}, timeout=10).raise_for_status()

    def confirm_behind_our_back(self, transaction_id: str, card: str) -> None:
        """Somebody pays an intent of ours with another card, without us."""
        requests.post(
            f"{self.config.stripe_api_base}/v1/payment_intents/"
            f"{self.read(transaction_id).stripe_payment_id}/confirm",
            auth=(self.config.stripe_secret_key, ""),
            data={"payment_method": card},
            timeout=10,
        ).raise_for_status()

    def close_breaker_time(self) -> None:
        """Let the breaker's time be up."""
        _end_breaker_time()

    def mend_stripe(self) -> None:
        self.sandbox("DELETE", "/_sandbox/faults")


@atomic
def _create_order(session: Session, amount: int, currency: str) -> str:
    customer = customer_for(session, "ada@example.com")
    product = Product(
        slug=f"thing-{amount}-{currency}", name="Thing", amount=amount, currency=currency
    )
    found = session.scalar(select(Product).where(Product.slug == product.slug))
    if found is None:
        session.add(product)
        session.flush()
    return place(session, found or product, 1, customer.id).id


@atomic
def _open(session: Session, order_id: str, card: str, more: dict[str, Any]) -> str:
    order = session.get_one(Order, order_id)
    source = more.pop("source", PaymentSource(payment_method=card))
    email = more.pop("email", "ada@example.com")
    return open_transaction(
        session,
        order,
        customer_id=order.customer_id or customer_for(session, "ada@example.com").id,
        email=email,
        source=source,
        **more,
    ).id


@atomic
def _make_due(session: Session, command: str | None) -> None:
    waiting = update(Message).where(Message.done_at.is_(None), Message.dead_at.is_(None))
    if command:
        waiting = waiting.where(Message.command == command)
    session.execute(waiting.values(available_at=database_now(-1), leased_until=None))


@atomic
def _age(session: Session, transaction_id: str, seconds: float) -> None:
    for column in ("created_at", "phase_at"):
        session.execute(
            update(Transaction)
            .where(Transaction.id == transaction_id)
            .values({column: database_now(-seconds), "updated_at": text("updated_at")})
        )


@atomic
def _end_breaker_time(session: Session) -> None:
    session.execute(
        update(Breaker).where(Breaker.open_until.is_not(None)).values(open_until=database_now(-1))
    )


@atomic
def _pay_for_instead(session: Session, transaction_id: str, kind: str, payable_id: str) -> None:
    session.execute(
        update(PaymentRecord)
        .where(PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == "pays_for")
        .values(payable_type=kind, payable_id=payable_id)
    )


@atomic
def _let_workers_die(session: Session, command: str) -> None:
    session.execute(update(Message).where(Message.command == command).values(claims=CRASHES))
