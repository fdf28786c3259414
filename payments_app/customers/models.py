"""The customer: one row for each e-mail address, and a payable of its own; and saved cards."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.language import Reader, Words
from payments_app.core.money import Money
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import Payable
from payments_app.payments.transactions.open import PaymentSource, open_transaction


class Customer(Payable, Base):
    """Somebody who pays. `payment_status` is None, or why the last payment failed."""

    __tablename__ = "pay_customers"
    payable_type = "customer"
    payable_prefix = "cust"
    payable_role = Role.CUSTOMER  # a customer may be charged in parallel

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("cust"))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str | None] = mapped_column(String(200))
    stripe_customer_id: Mapped[str | None] = mapped_column(Key(255), unique=True)
    # A read showed that Stripe has it no more: the next payment that needs one makes another.
    stripe_customer_gone_at: Mapped[dt.datetime | None]
    default_payment_method_id: Mapped[str | None] = mapped_column(Key(255))
    payment_status: Mapped[str | None] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(default=1)
    # What they read, as they chose it in a browser that had proved to be theirs, or in their first.
    language: Mapped[str | None] = mapped_column(String(8))
    zone: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint(
            "payment_status IN ('declined', 'insufficient_funds', 'payment_failed')",
            name="payment_status",
        ),
    )

    @property
    def reader(self) -> Reader:
        """Whose language and zone their mails are written in."""
        return Reader(self.language, self.zone)

    @property
    def known_at_stripe(self) -> str | None:
        """The customer's id at Stripe, where there is one there still."""
        return self.stripe_customer_id if self.stripe_customer_gone_at is None else None

    def charge(
        self, amount: int, description: str = "Payment", currency: str = "usd"
    ) -> Transaction:
        """Charge `amount` (minor units) to the customer's default card, without the customer.

        The row is pending when this returns: the charge queue does the rest. Call it inside
        `atomic`, with the customer in its session.
        """
        return open_transaction(
            self._session(),
            self,
            customer_id=self.id,
            email=self.email,
            source=PaymentSource(
                payment_method=self.default_payment_method_id,
                stripe_customer_id=self.known_at_stripe,
                off_session=True,
            ),
            money=Money(amount, currency),
            description=description,
            actor="system",
        )


class SavedCard(Base):
    """A card that its owner agreed to have kept. Its number is at Stripe alone.

    It was kept under the address of `customer_id`, and is that customer's own since `joined_at`:
    since the browser that paid with it has proved the address. Before that nobody chooses it; only
    a subscription that was begun with it goes on charging it, by its own customer at Stripe.
    `removed_at` says when the owner took the agreement back: from then on it is not charged here,
    and a job takes it off the customer at Stripe. The default is named by the customer.
    """

    __tablename__ = "pay_saved_cards"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("card"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("pay_customers.id"), index=True)
    payment_method: Mapped[str] = mapped_column(Key(255), unique=True)
    stripe_customer_id: Mapped[str] = mapped_column(Key(255))
    brand: Mapped[str] = mapped_column(String(24))
    last4: Mapped[str] = mapped_column(String(4))
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    fingerprint: Mapped[str | None] = mapped_column(Key(80))  # of its number, at Stripe
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    joined_at: Mapped[dt.datetime | None]
    removed_at: Mapped[dt.datetime | None]
    detached_at: Mapped[dt.datetime | None]

    __table_args__ = (
        CheckConstraint("detached_at IS NULL OR removed_at IS NOT NULL", name="removed_first"),
    )

    @property
    def words(self) -> str:
        """As people name it: "Visa ending in 4242"."""
        return Words("%(brand)s ending in %(last4)s", brand=self.brand.title(), last4=self.last4)

    def payment_source(self, *, off_session: bool) -> PaymentSource:
        """How a payment is made with it, with its owner (on session) or without."""
        return PaymentSource(
            payment_method=self.payment_method,
            stripe_customer_id=self.stripe_customer_id,
            off_session=off_session,
        )


class GoneAtStripe(Base):
    """A card or a customer at Stripe (`stripe_id`) that a read showed to be gone there, with the
    customer at Stripe whose it was. What named it here stays as it was, and is not charged."""

    __tablename__ = "pay_gone_at_stripe"

    stripe_id: Mapped[str] = mapped_column(Key(255), primary_key=True)
    stripe_customer_id: Mapped[str] = mapped_column(Key(255))
    found_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)
