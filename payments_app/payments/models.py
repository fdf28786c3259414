"""Tables of payments. A transaction is one attempt to take money, successful or not."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    case,
    false,
    func,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key, as_object
from payments_app.core.db.ids import new_id, reference
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.payments.amounts import amount_words, fee_taken, paid, sets_up
from payments_app.payments.phases import STATE_OF_PHASE, Phase, State


class Role(StrEnum):
    """What a payment record joins its transaction to."""

    PAYS_FOR = "pays_for"  # the payable; a charge of a customer alone has none
    CUSTOMER = "customer"
    MERCHANT = "merchant"


_ROLES = ", ".join(repr(role.value) for role in Role)
_ACTIVE = text(f"role = '{Role.PAYS_FOR}' AND active")


class Transaction(Base):
    """One attempt to take money. Amounts in minor units of `currency`: `amount` and `platform_fee`
    are what was asked for, `amount_received` is what Stripe then took of it, None until it did.
    What was `paid` is asked of nothing else. The fee is then what it was captured with.

    A retry or another card is a new row for the same payable, numbered by `attempt`; this one
    stays as it ended. `version` rises with every change, and is the ETag of the status.
    """

    __tablename__ = "pay_transactions"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("txn"))
    state: Mapped[str] = mapped_column(String(16), default=State.PENDING)
    phase: Mapped[str] = mapped_column(String(24), default=Phase.CREATED)
    version: Mapped[int] = mapped_column(default=1)
    attempt: Mapped[int] = mapped_column(default=1)

    amount: Mapped[int] = mapped_column(BIGINT)
    amount_received: Mapped[int | None] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    email: Mapped[str] = mapped_column(String(254))
    description: Mapped[str] = mapped_column(String(500))

    # Keys and what the buyer sent. The client's key is unique on the row: the last line against
    # charging twice, whatever happens to Redis.
    idempotency_key: Mapped[str | None] = mapped_column(Key(300), unique=True)
    fingerprint: Mapped[str | None] = mapped_column(Key(64))
    buyer: Mapped[str | None] = mapped_column(Key(64))
    confirmation_token: Mapped[str | None] = mapped_column(Key(255))
    payment_method: Mapped[str | None] = mapped_column(Key(255))
    stripe_customer_id: Mapped[str | None] = mapped_column(Key(255))
    off_session: Mapped[bool] = mapped_column(default=False)
    # In which language the buyer paid, and the zone of their clock.
    language: Mapped[str | None] = mapped_column(String(8))
    zone: Mapped[str | None] = mapped_column(String(64))
    # With the buyer's consent only: the card is kept for payments without them.
    save_card: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Of a card to be kept: whether its buyer has proved to be the customer, then or since. If not,
    # it is kept for a customer at Stripe of its own, and in nobody's account here.
    customer_known: Mapped[bool] = mapped_column(default=False, server_default=false())

    # What is sent to Stripe under keys of this number, stored before the first call.
    parameters: Mapped[dict[str, Any] | None]
    key_number: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    misconfigured_at: Mapped[dt.datetime | None]  # last refused, and not by the buyer's fault
    create_sent_at: Mapped[dt.datetime | None]
    confirm_sent_at: Mapped[dt.datetime | None]
    searched_to: Mapped[str | None] = mapped_column(Key(255))  # in Stripe's list, for its intent

    # What Stripe answered.
    stripe_payment_id: Mapped[str | None] = mapped_column(Key(255), unique=True)
    stripe_status: Mapped[str | None] = mapped_column(String(40))
    client_secret: Mapped[str | None] = mapped_column(String(255))
    stripe_data: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None] = mapped_column(String(100))
    error_message: Mapped[str | None] = mapped_column(Text)
    card_brand: Mapped[str | None] = mapped_column(String(24))
    card_last4: Mapped[str | None] = mapped_column(String(4))
    card_fingerprint: Mapped[str | None] = mapped_column(Key(64))  # Stripe's name of the number
    receipt_url: Mapped[str | None] = mapped_column(Text)
    statement_descriptor: Mapped[str | None] = mapped_column(String(40))

    # Of a merchant's sale: their account, how the charge is made (`destination`: on ours, with a
    # transfer to theirs; `direct`: on theirs), and our part of it.
    connected_account_id: Mapped[str | None] = mapped_column(Key(255))
    charge_type: Mapped[str | None] = mapped_column(String(16))
    platform_fee: Mapped[int | None] = mapped_column(BIGINT)
    livemode: Mapped[bool] = mapped_column(default=False)

    # What is so and what needs doing, where that is more than this row says (payments/truth.py),
    # and of what needs doing the most urgent, to be found by. `version` does not count them.
    attention: Mapped[dict[str, Any] | None]
    need: Mapped[str | None] = mapped_column(Key(24))
    need_by: Mapped[dt.datetime | None]

    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    updated_at: Mapped[dt.datetime] = mapped_column(
        server_default=database_now(), onupdate=database_now()
    )
    phase_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    ended_at: Mapped[dt.datetime | None]

    records: Mapped[list[PaymentRecord]] = relationship(back_populates="transaction")

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint(
            "amount_received IS NULL OR"
            " (state = 'complete' AND amount_received >= 0 AND amount_received <= amount)",
            name="amount_received",
        ),
        CheckConstraint("platform_fee IS NULL OR platform_fee >= 0", name="fee_not_negative"),
        CheckConstraint("lower(currency) = currency AND length(currency) = 3", name="currency"),
        CheckConstraint(STATE_OF_PHASE, name="state_of_phase"),
        Index("pay_transactions_created_at_id_idx", "created_at", "id"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    @property
    def money(self) -> Money:
        """What is asked for, with its currency."""
        return Money(self.amount, self.currency)

    @hybrid_property
    def paid(self) -> int:
        """What moved to us, in minor units: less than `amount` where only a part was captured, 0
        while it is not complete."""
        return paid(self.state, self.amount, self.amount_received)

    @paid.inplace.expression
    @classmethod
    def _paid_in_sql(cls) -> ColumnElement[int]:
        return case(
            (cls.state == State.COMPLETE, func.coalesce(cls.amount_received, cls.amount)), else_=0
        )

    @property
    def money_paid(self) -> Money:
        """What moved to us, with its currency."""
        return Money(self.paid, self.currency)

    @property
    def amount_words(self) -> str:
        """What was asked for, or what was captured of it."""
        return amount_words(self.state, self.amount, self.paid, self.currency)

    @property
    def card_words(self) -> str | None:
        """The card as people name it: "Visa ending in 4242"; None while it is not known."""
        if not self.card_last4:
            return None
        brand = (self.card_brand or "card").title()
        return Words("%(brand)s ending in %(last4)s", brand=brand, last4=self.card_last4)

    @property
    def fee_taken(self) -> int | None:
        """Our part of what was paid; while nothing is, of what is asked for."""
        return fee_taken(self.state, self.platform_fee, self.paid)

    @property
    def sets_up(self) -> bool:
        """Whether it takes no money and keeps a card for later ones (at Stripe a setup intent)."""
        named = self.confirmation_token or self.payment_method
        return sets_up(self.amount, self.save_card, named)

    @property
    def reference(self) -> str:
        """What a person reads out on the phone."""
        return reference(self.id)

    @hybrid_property
    def success(self) -> bool:
        """Whether Stripe says that the money moved."""
        return self.state == State.COMPLETE

    @hybrid_property
    def declined(self) -> bool:
        """Whether the card was declined (the error code is `card_declined`)."""
        return self.error_code == "card_declined"

    @property
    def error_type(self) -> str | None:
        """The error's type, as Stripe names it, or one of ours where Stripe did not answer."""
        return as_object(self.error).get("type")


class PaymentRecord(Base):
    """Joins a transaction to what it pays for and to whom it concerns, by `role`. `active` is kept
    by the transaction's move: a payable has one active at most. See also `states.stop_holding`."""

    __tablename__ = "pay_payment_records"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"))
    payable_type: Mapped[str] = mapped_column(String(40))
    payable_id: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    transaction: Mapped[Transaction] = relationship(back_populates="records")

    __table_args__ = (
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
        Index(
            "pay_payment_records_one_active_key",
            "payable_type",
            "payable_id",
            unique=True,
            postgresql_where=_ACTIVE,
            sqlite_where=_ACTIVE,
        ),
        Index("pay_payment_records_transaction_id_role_key", "transaction_id", "role", unique=True),
        Index(
            "pay_payment_records_payable_idx",
            "payable_type",
            "payable_id",
            "role",
            "created_at",
            "id",
        ),
    )
