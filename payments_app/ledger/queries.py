"""Reading the ledger. Amounts in minor units; a balance is debits less credits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.ledger.models import STRIPE_BALANCE, Entry, Journal
from payments_app.ledger.post import CAPTURE
from payments_app.payments.models import Transaction

_SIGNED = case((Entry.side == "debit", Entry.amount), else_=-Entry.amount)


@dataclass(frozen=True)
class Period:
    """From `since` up to, and without, `until`; without end where that is None."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """That a journal was posted in it."""
        first = [Journal.posted_at >= self.since] if self.since else []
        return first + ([Journal.posted_at < self.until] if self.until else [])


ALWAYS = Period()


@dataclass(frozen=True)
class Balance:
    """One line of the trial balance."""

    account: str
    currency: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        """Debits less credits."""
        return self.debits - self.credits

    def money(self, amount: int) -> Money:
        """An amount of this line with its currency."""
        return Money(amount, self.currency)


def trial_balance(session: Session, period: Period = ALWAYS) -> list[Balance]:
    """Every account by currency, of what was posted in a period. Within a currency, debits and
    credits are equal."""
    query = (
        select(Entry.account, Entry.currency, _total("debit"), _total("credit"))
        .group_by(Entry.account, Entry.currency)
        .order_by(Entry.currency, Entry.account)
    )
    if period != ALWAYS:
        query = query.join(Journal, Journal.id == Entry.journal_id).where(*period.conditions)
    rows = session.execute(query)
    return [Balance(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def balances(session: Session, account: str) -> dict[str, int]:
    """One account's balance by currency."""
    rows = session.execute(
        select(Entry.currency, func.sum(_SIGNED))
        .where(Entry.account == account)
        .group_by(Entry.currency)
    )
    return {currency: int(total) for currency, total in rows}


def captures(
    session: Session, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> dict[str, int]:
    """What was captured, by currency, among the journals posted in [since, until)."""
    query = (
        select(Entry.currency, func.sum(Entry.amount))
        .join(Journal, Journal.id == Entry.journal_id)
        .where(Entry.entry_type == CAPTURE, Entry.account == STRIPE_BALANCE, Entry.side == "debit")
        .group_by(Entry.currency)
    )
    if since is not None:
        query = query.where(Journal.posted_at >= since)
    if until is not None:
        query = query.where(Journal.posted_at < until)
    return {currency: int(total) for currency, total in session.execute(query)}


def journals(
    session: Session, period: Period = ALWAYS, before: int | None = None, limit: int = 100
) -> list[tuple[Journal, Transaction]]:
    """Journals of a period with their entries, the newest first, or those before one, each with
    the payment that it is of."""
    query = (
        select(Journal, Transaction)
        .join(Transaction, Transaction.id == Journal.transaction_id)
        .where(*period.conditions)
        .order_by(Journal.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Journal.id < before)
    return [(row[0], row[1]) for row in session.execute(query)]


def unbalanced(session: Session) -> list[int]:
    """Ids of journals whose entries do not sum to zero, or that have none: always empty."""
    return list(
        session.scalars(
            select(Journal.id)
            .outerjoin(Entry, Entry.journal_id == Journal.id)
            .group_by(Journal.id)
            .having((func.count(Entry.id) == 0) | (func.sum(_SIGNED) != 0))
            .order_by(Journal.id)
        )
    )


def _total(side: str) -> ColumnElement[int]:
    return func.sum(case((Entry.side == side, Entry.amount), else_=0))
