"""movements: what the ledger says of a payment, as its merchant sees it.

The shop's own merchant has what moved our balance at Stripe; a merchant with a connected account,
what moved theirs. Journals about the same thing (a payment, a refund, a dispute's movement) in the
same currency are one movement, each in the column that its entry type names.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from payments_app.ledger.balance_transactions import RETURNED
from payments_app.ledger.models import CONNECTED_BALANCES, STRIPE_BALANCE, Entry, Journal
from payments_app.ledger.post_connect import FEE, FEE_REFUND
from payments_app.ledger.post_dispute import DISPUTE_FEE
from payments_app.ledger.post_fee import STRIPE_FEE
from payments_app.payments.models import Transaction
from payments_app.settlement.models import Line, Part

_COLUMN = {
    FEE: "platform_fee",
    FEE_REFUND: "platform_fee",
    **dict.fromkeys((STRIPE_FEE, STRIPE_FEE + RETURNED), "stripe_fee"),
    **dict.fromkeys((DISPUTE_FEE, DISPUTE_FEE + RETURNED), "stripe_fee"),
}

# The account whose movements are the merchant's; the query joins Transaction.
MERCHANTS_ACCOUNT = case(
    (Transaction.connected_account_id.is_(None), STRIPE_BALANCE), else_=CONNECTED_BALANCES
)
_SIGNED = case((Entry.side == "debit", Entry.amount), else_=-Entry.amount)


def moved_in(column: str | None = None) -> ColumnElement[int]:
    """Minor units by which the merchant's account grew, in one of a line's columns or in all."""
    theirs = Entry.account == MERCHANTS_ACCOUNT
    if column is not None:
        types = [entry_type for entry_type, name in _COLUMN.items() if name == column]
        theirs &= Entry.entry_type.in_(types)
    return func.coalesce(func.sum(case((theirs, _SIGNED), else_=0)), 0)


MOVED = moved_in()


@dataclass(frozen=True)
class Posting:
    """One journal: `moved` is by how much it changed the merchant's account, in minor units."""

    journal_id: int
    key: str
    entry_type: str
    currency: str
    posted_at: dt.datetime
    moved: int
    settled: bool

    @property
    def about(self) -> str:
        """What moved the money: a payment, a refund, a dispute's movement."""
        return self.key.removeprefix(f"{self.entry_type}_")

    @property
    def column(self) -> str:
        """Where a line has it: `gross`, `stripe_fee` or `platform_fee`."""
        return _COLUMN.get(self.entry_type, "gross")


@dataclass(frozen=True)
class Movement:
    """Journals that are to be one line: `head` is the first about the same thing, whether it is
    among them or not."""

    head: Posting
    open: list[Posting]

    def sum(self, column: str | None = None) -> int:
        """Of one column, or of all, in minor units."""
        return sum(each.moved for each in self.open if column in (None, each.column))


def postings(session: Session, transaction_id: str) -> list[Posting]:
    """Every journal of a transaction, in the order in which they were posted."""
    rows = session.execute(
        select(
            Journal.id,
            Journal.key,
            Journal.entry_type,
            Journal.currency,
            Journal.posted_at,
            MOVED.label("moved"),
            func.max(Part.line_id).is_not(None).label("settled"),
        )
        .join(Entry, Entry.journal_id == Journal.id)
        .join(Transaction, Transaction.id == Journal.transaction_id)
        .outerjoin(Part, Part.journal_id == Journal.id)
        .where(Journal.transaction_id == transaction_id)
        .group_by(Journal.id)
        .order_by(Journal.id)
    )
    return [Posting(*row[:5], moved=int(row.moved), settled=bool(row.settled)) for row in rows]


def unsettled(found: list[Posting]) -> list[Movement]:
    """The movements among a transaction's journals that are in no line yet."""
    heads: dict[tuple[str, str], Movement] = {}
    for posting in found:
        group = heads.setdefault((posting.about, posting.currency), Movement(posting, []))
        if posting.moved and not posting.settled:
            group.open.append(posting)
    return [movement for movement in heads.values() if movement.open]


def moved_of_lines(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """What the journals of the lines that meet `conditions` moved, as a scalar subquery."""
    return (
        select(MOVED)
        .select_from(Line)
        .join(Part, Part.line_id == Line.id)
        .join(Entry, Entry.journal_id == Part.journal_id)
        .join(Transaction, Transaction.id == Entry.transaction_id)
        .where(*conditions)
        .scalar_subquery()
    )
