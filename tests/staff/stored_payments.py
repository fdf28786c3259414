"""StoredPayments: payments put into the database as they would lie there after their charge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from payments_app.orders.models import Order
from payments_app.orders.place import place
from payments_app.orders.product_models import Product
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.states import PUBLIC_STATE

DECLINED = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
    "doc_url": "https://docs.stripe.com/error-codes/card-declined",
}


class StoredPayments:
    """Everything runs in a context of its own, as requests do."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def payment(self, phase: str = "complete", **values: Any) -> str:
        """A payment in this phase, of ada@example.com unless `email` says otherwise."""
        with self.app.app_context():
            return _payment(phase, values)

    def decline(self, **values: Any) -> str:
        error = values.pop("error", DECLINED)
        return self.payment(
            "failed",
            error=error,
            error_code=error.get("code") or error.get("type"),
            error_message=error.get("message"),
            **values,
        )

    def many(self, count: int, **values: Any) -> list[str]:
        """Payments a minute apart, the newest first."""
        now = utcnow()
        return [
            self.payment(created_at=now - dt.timedelta(minutes=n), **values) for n in range(count)
        ]

    def order(self, email: str = "ada@example.com") -> Order:
        with self.app.app_context():
            return _order(email)

    def customer_id(self, email: str = "ada@example.com") -> str:
        with self.app.app_context():
            return _customer_id(email)

    def change(self, transaction_id: str, **values: Any) -> None:
        """As the charge does it: the row's version rises."""
        with self.app.app_context():
            _change(transaction_id, values)

    def note_call(self, transaction_id: str, **data: Any) -> None:
        with self.app.app_context():
            _note_call(transaction_id, data)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL statements that are sent meanwhile."""
        sent: list[str] = []
        with self.app.app_context():
            engine = db.engine

        def listen(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            sent.append(statement)

        event.listen(engine, "before_cursor_execute", listen)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", listen)


@atomic
def _payment(session: Session, phase: str, values: dict[str, Any]) -> str:
    email = values.pop("email", "ada@example.com")
    order_id, period_id = values.pop("order_id", None), values.pop("period_id", None)
    created_at = values.get("created_at") or utcnow()
    customer = customer_for(session, email)
    row = Transaction(
        **{
            "phase": phase,
            "state": PUBLIC_STATE[phase],
            "amount": 1099,
            "currency": "usd",
            "email": email,
            "description": "Order #1",
            "created_at": created_at,
            "stripe_payment_id": new_id("pi"),
            "card_brand": "visa",
            "card_last4": "4242",
            **values,
        }
    )
    session.add(row)
    session.flush()
    joins = [("customer", customer.id, "customer")]
    joins += [("order", order_id, "pays_for")] if order_id else []
    joins += [("subscription", period_id, "pays_for")] if period_id else []
    for kind, id_, role in joins:
        session.add(
            PaymentRecord(
                transaction_id=row.id,
                payable_type=kind,
                payable_id=id_,
                role=role,
                active=row.state != "failed",
                created_at=created_at,
            )
        )
    history.record(session, "state", "payment.created", actor="buyer", transaction_id=row.id)
    return row.id


@atomic
def _order(session: Session, email: str) -> Order:
    customer = customer_for(session, email)
    product = Product(slug=new_id("p"), name="Mug", amount=1099, currency="usd")
    session.add(product)
    session.flush()
    return place(session, product, 1, customer.id)


@atomic
def _customer_id(session: Session, email: str) -> str:
    return customer_for(session, email).id


@atomic
def _change(session: Session, transaction_id: str, values: dict[str, Any]) -> None:
    session.execute(
        update(Transaction)
        .where(Transaction.id == transaction_id)
        .values(version=Transaction.version + 1, **values)
    )


@atomic
def _note_call(session: Session, transaction_id: str, data: dict[str, Any]) -> None:
    history.record(session, "stripe", "stripe.confirm", transaction_id=transaction_id, **data)
