"""Findings: differences between the books, each by its name; and what reached the bank."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.extensions import Base
from payments_app.core.money import Money


class Finding(Base):
    """One difference; open until it is gone or fixed. `about_at` is when the payment began, which
    says in whose window it lies; `fix` names what would mend it, None where a person must look."""

    __tablename__ = "pay_reconcile_findings"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    severity: Mapped[str] = mapped_column(String(16))
    fix: Mapped[str | None] = mapped_column(String(40))
    transaction_id: Mapped[str | None] = mapped_column(
        ForeignKey("pay_transactions.id"), index=True
    )
    about_at: Mapped[dt.datetime]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    times: Mapped[int] = mapped_column(default=1)
    found_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    asked_by: Mapped[str | None] = mapped_column(String(80))
    resolved_at: Mapped[dt.datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(16))
    resolved_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (
        CheckConstraint("resolution IN ('gone', 'fixed')", name="resolution"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
        Index(
            "pay_reconcile_findings_open_key",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
    )


class Run(Base):
    """One comparison of the payments begun in [since, until). Without `finished_at` it broke off
    (`error` says why), and concluded nothing."""

    __tablename__ = "pay_reconcile_runs"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)
    finished_at: Mapped[dt.datetime | None]
    intents: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


class Payout(Base):
    """What went from our balance to our bank, as Stripe last told it. `amount` in minor units,
    negative where the bank was debited; `trace` is the id under which the bank has it.

    Of an `automatic` one `listed_at` says when the balance transactions that it is made of were
    read; Stripe does not tell those of a manual one.
    """

    __tablename__ = "pay_payouts"

    id: Mapped[str] = mapped_column(Key(255), primary_key=True)
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    automatic: Mapped[bool]
    status: Mapped[str] = mapped_column(String(40))
    trace: Mapped[str | None] = mapped_column(Key(80))
    arrives_at: Mapped[dt.datetime]
    made_at: Mapped[dt.datetime]
    listed_at: Mapped[dt.datetime | None]
    stripe_data: Mapped[dict[str, Any]]
    read_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (Index("pay_payouts_made_at_idx", "made_at", "id"),)

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)


class PayoutLine(Base):
    """A balance transaction in a payout: `amount` less `fee` is `net`, in minor units. `about` is
    the payment, refund or dispute that it is of, None for what is of none (a fee of Stripe's)."""

    __tablename__ = "pay_payout_lines"

    id: Mapped[str] = mapped_column(Key(255), primary_key=True)
    payout_id: Mapped[str] = mapped_column(ForeignKey("pay_payouts.id"))
    type: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(Key(255))
    amount: Mapped[int] = mapped_column(BIGINT)
    fee: Mapped[int] = mapped_column(BIGINT)
    net: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    made_at: Mapped[dt.datetime]
    about: Mapped[str | None] = mapped_column(Key(40))
    transaction_id: Mapped[str | None] = mapped_column(
        ForeignKey("pay_transactions.id"), index=True
    )

    __table_args__ = (Index("pay_payout_lines_payout_idx", "payout_id", "made_at", "id"),)

    @property
    def moneys(self) -> tuple[Money, Money, Money]:
        """Amount, fee and net, with their currency."""
        amounts = (self.amount, self.fee, self.net)
        return tuple(Money(amount, self.currency) for amount in amounts)  # type: ignore[return-value]
