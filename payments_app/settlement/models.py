"""Settlement batches and their lines. The database refuses to change or delete a line (trigger)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.money import Money


class Batch(Base):
    """A merchant's business day in one currency: moments from `starts_at` up to, and without,
    `ends_at`. `total` (minor units) and `line_count` are fixed when it is closed."""

    __tablename__ = "pay_settlement_batches"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("stl"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("pay_merchants.id"))
    business_day: Mapped[dt.date]
    currency: Mapped[str] = mapped_column(String(3))
    timezone: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    total: Mapped[int | None] = mapped_column(BIGINT)
    line_count: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        UniqueConstraint("merchant_id", "business_day", "currency"),
        # What the lines' foreign key refers to: all in the batch's currency.
        UniqueConstraint("id", "currency"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("(closed_at IS NULL) = (total IS NULL)", name="total_when_closed"),
        CheckConstraint("(closed_at IS NULL) = (line_count IS NULL)", name="count_when_closed"),
    )

    @property
    def money(self) -> Money | None:
        """The total with its currency; None while it is open."""
        return None if self.total is None else Money(self.total, self.currency)


class Line(Base):
    """What one movement of money left to the merchant, in one batch only. `key` is that of the
    movement's first ledger journal (`capture_<payment>`).

    All in minor units, negative where it is taken from the merchant: `amount` is the net of
    `gross`, Stripe's fee and the platform's.
    """

    __tablename__ = "pay_settlement_lines"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    batch_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(24))
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"), index=True)
    amount: Mapped[int] = mapped_column(BIGINT)
    stripe_fee: Mapped[int] = mapped_column(BIGINT, default=0, server_default="0")
    platform_fee: Mapped[int] = mapped_column(BIGINT, default=0, server_default="0")
    currency: Mapped[str] = mapped_column(String(3))
    occurred_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["batch_id", "currency"],
            ["pay_settlement_batches.id", "pay_settlement_batches.currency"],
        ),
        CheckConstraint("amount <> 0 OR stripe_fee <> 0 OR platform_fee <> 0", name="amount_moves"),
        Index("pay_settlement_lines_batch_idx", "batch_id", "occurred_at", "id"),
    )

    @property
    def money(self) -> Money:
        """The net with its currency."""
        return Money(self.amount, self.currency)

    @property
    def gross(self) -> Money:
        """What moved before fees."""
        return Money(self.amount - self.stripe_fee - self.platform_fee, self.currency)

    @property
    def stripe_fee_money(self) -> Money:
        """Stripe's fee with its currency, negative where it was taken."""
        return Money(self.stripe_fee, self.currency)

    @property
    def platform_fee_money(self) -> Money:
        """The platform's fee with its currency, negative where it was taken."""
        return Money(self.platform_fee, self.currency)


class Part(Base):
    """A ledger journal that a line is made of. Each is in one line only."""

    __tablename__ = "pay_settlement_parts"

    journal_id: Mapped[int] = mapped_column(
        ForeignKey("pay_ledger_journals.id"), primary_key=True, autoincrement=False
    )
    line_id: Mapped[int] = mapped_column(ForeignKey("pay_settlement_lines.id"), index=True)
