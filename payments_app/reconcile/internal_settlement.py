"""internal_settlement: the fees, and the settlement lines against the ledger, without Stripe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.ledger.models import BalanceTransaction, Entry, Journal
from payments_app.payments.models import Transaction
from payments_app.reconcile.findings import Difference
from payments_app.settlement.models import Line, Part
from payments_app.settlement.movements import MOVED
from payments_app.settlement.settle import FEE_GRACE_SECONDS

FEE_SECONDS = 3600  # Stripe writes a balance transaction within minutes
SETTLED_SECONDS = FEE_GRACE_SECONDS + 240


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of the payments begun in [since, until)."""
    for kind, query in (
        ("fee_not_in_ledger", _without_fee(since, until)),
        ("not_settled", _not_settled(since, until)),
        ("settlement_differs", _other_amount(since, until)),
    ):
        for row in session.execute(query):
            yield Difference(kind, row.id, row.created_at, row.id, {"currency": row.currency})


_Rows = Select[str, dt.datetime, str]


def _without_fee(since: dt.datetime, until: dt.datetime) -> _Rows:
    """Paid, and nothing is kept of what Stripe took. What was paid before the first fee was kept
    is from a time when none was."""
    first = select(func.min(BalanceTransaction.read_at)).scalar_subquery()
    kept = exists().where(BalanceTransaction.transaction_id == Transaction.id)
    return _payments(since, until).where(
        Transaction.paid > 0,
        Transaction.ended_at < database_now(-FEE_SECONDS),
        Transaction.ended_at >= first,
        ~kept,
    )


def _not_settled(since: dt.datetime, until: dt.datetime) -> _Rows:
    """The ledger moved the merchant's account, and no line says so."""
    forgotten = (
        select(Journal.transaction_id)
        .join(Entry, Entry.journal_id == Journal.id)
        .join(Transaction, Transaction.id == Journal.transaction_id)
        .outerjoin(Part, Part.journal_id == Journal.id)
        .where(
            Transaction.created_at >= since,
            Transaction.created_at < until,
            Journal.posted_at < database_now(-SETTLED_SECONDS),
            Part.line_id.is_(None),
        )
        .group_by(Journal.id)
        .having(MOVED != 0)
    )
    return _payments(since, until).where(Transaction.id.in_(forgotten))


def _other_amount(since: dt.datetime, until: dt.datetime) -> _Rows:
    """A line says another amount than the journals that it is made of, or has none."""
    differing = (
        select(Line.transaction_id)
        .join(Transaction, Transaction.id == Line.transaction_id)
        .outerjoin(Part, Part.line_id == Line.id)
        .outerjoin(Entry, Entry.journal_id == Part.journal_id)
        .where(
            Transaction.created_at >= since,
            Transaction.created_at < until,
            Line.created_at < database_now(-SETTLED_SECONDS),
        )
        .group_by(Line.id)
        .having(Line.amount != MOVED)
    )
    return _payments(since, until).where(Transaction.id.in_(differing))


def _payments(since: dt.datetime, until: dt.datetime) -> _Rows:
    return select(Transaction.id, Transaction.created_at, Transaction.currency).where(
        Transaction.created_at >= since, Transaction.created_at < until
    )
