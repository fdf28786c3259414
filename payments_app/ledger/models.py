"""Journals and entries. The database refuses to change or delete a row of either (triggers)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.extensions import Base
from payments_app.core.money import Money

# What we hold at Stripe, and where it came from or went.
STRIPE_BALANCE, SALES = "stripe_balance", "sales"
REFUNDS, DISPUTES = "refunds", "disputes"
STRIPE_FEES = "stripe_fees"
# What our merchants' connected accounts hold of it: the other side of a marketplace's books.
CONNECTED_BALANCES = "connected_balances"


class Journal(Base):
    """One movement of money in one currency, posted once (`key`). Its entries sum to zero:
    PostgreSQL checks that at commit, the posting function on either database."""

    __tablename__ = "pay_ledger_journals"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    entry_type: Mapped[str] = mapped_column(String(24))
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"))
    currency: Mapped[str] = mapped_column(String(3))
    posted_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    entries: Mapped[list[Entry]] = relationship(back_populates="journal", lazy="selectin")

    __table_args__ = (
        # What the entries' foreign key refers to: all in the journal's currency.
        UniqueConstraint("id", "currency"),
        Index("pay_ledger_journals_transaction_id_idx", "transaction_id", "entry_type"),
        Index("pay_ledger_journals_posted_at_idx", "posted_at"),
    )


class Entry(Base):
    """One side of a journal: a debit or a credit of an account, `amount` > 0 in minor units."""

    __tablename__ = "pay_ledger_entries"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    journal_id: Mapped[int] = mapped_column(BIGINT, index=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"), index=True)
    entry_type: Mapped[str] = mapped_column(String(24))
    account: Mapped[str] = mapped_column(String(24))
    side: Mapped[str] = mapped_column(String(6))
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))

    journal: Mapped[Journal] = relationship(back_populates="entries")

    __table_args__ = (
        ForeignKeyConstraint(
            ["journal_id", "currency"], ["pay_ledger_journals.id", "pay_ledger_journals.currency"]
        ),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("side IN ('debit', 'credit')", name="side"),
    )

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)


class BalanceTransaction(Base):
    """What Stripe wrote of one movement of a balance: ours, or (`account`) a merchant's own.

    `amount` less `fee` is `net`, in minor units of `currency`, which is the one that the balance is
    kept in. `source` is the charge or the dispute that moved it, and `type` Stripe's own word; each
    is empty where Stripe says none.
    Source: https://docs.stripe.com/api/balance_transactions/object
    """

    __tablename__ = "pay_balance_transactions"

    id: Mapped[str] = mapped_column(Key(255), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"), index=True)
    source: Mapped[str] = mapped_column(Key(255))
    account: Mapped[str | None] = mapped_column(Key(255))
    type: Mapped[str] = mapped_column(String(60))
    amount: Mapped[int] = mapped_column(BIGINT)
    fee: Mapped[int] = mapped_column(BIGINT)
    net: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    stripe_data: Mapped[dict[str, Any]]
    read_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (CheckConstraint("net = amount - fee", name="net_is_amount_less_fee"),)
