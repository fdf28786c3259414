"""Another application on the same database, which alone knows bookings:
`python -m tests.queues.booking_host open|open-plain|work QUEUE`.

`open-plain` knows the payable and not what follows its payment."""

from __future__ import annotations

import sys

from flask import Flask
from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app import create_app
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base, db
from payments_app.core.jobs.command import Claim, Command, Subscriber
from payments_app.core.jobs.worker import run
from payments_app.core.money import Money
from payments_app.customers.find import customer_for
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Payable
from payments_app.payments.queries import payable_of
from payments_app.payments.transactions.open import PaymentSource, open_transaction


class Booking(Payable, Base):
    """A table for two, EUR 80. `confirmed` counts how often a subscriber did, and `followed` how
    often it followed its payment itself."""

    __tablename__ = "bookings"
    payable_type = "booking"
    payable_prefix = "bkg"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("bkg"))
    confirmed: Mapped[int] = mapped_column(BIGINT, default=0)
    followed: Mapped[int] = mapped_column(BIGINT, default=0)

    @property
    def price(self) -> Money:
        return Money(8000, "eur")

    @property
    def payment_description(self) -> str:
        return "A table for two"

    def after_payment(self, session: Session, transaction: Transaction) -> None:
        if transaction.state == "complete":
            self.followed += 1


@atomic
def confirm(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Count, so that a second time would be seen."""
    payable = payable_of(session, transaction_id)
    if payable is None or payable[0] != Booking.payable_type:
        return
    if session.get_one(Transaction, transaction_id).state == "complete":
        session.get_one(Booking, payable[1], with_for_update=True).confirmed += 1


@atomic
def open_booking(session: Session) -> tuple[str, str]:
    booking = Booking()
    session.add(booking)
    session.flush()
    opened = open_transaction(
        session,
        booking,
        customer_id=customer_for(session, "bo@example.com").id,
        email="bo@example.com",
        source=PaymentSource(payment_method="pm_card_visa"),
    )
    return booking.id, opened.id


def know_bookings(app: Flask) -> None:
    """What a host application adds to ours."""
    app.extensions["commands"] = app.extensions["commands"] | {
        "bookings.confirm": Command(confirm, "payment_standard")
    }
    events = app.extensions["events"]
    paid = (*events["payment.completed"], Subscriber("bookings.confirm"))
    app.extensions["events"] = events | {"payment.completed": paid}


def main(what: str, *more: str) -> None:
    app = create_app()
    if what != "open-plain":
        know_bookings(app)
    if what == "work":
        run(app, *more)
        return
    with app.app_context():
        Booking.__table__.create(db.engine, checkfirst=True)
        print(*open_booking())


if __name__ == "__main__":
    main(*sys.argv[1:])
