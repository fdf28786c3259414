"""Today's figures, from the rows themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.transactions.stuck import is_stuck
from payments_app.staff.zones import day_bounds


@dataclass(frozen=True)
class Overview:
    """Counts of attempts that began today; `pending` and `stuck` of any day. `rate` is in words,
    of those that ended."""

    succeeded: int
    failed: int
    rate: str
    volume: list[str]
    pending: int
    stuck: int


def overview(session: Session, today: dt.date, zone: ZoneInfo) -> Overview:
    """The figures of the day `today` in `zone`."""
    first, after = day_bounds(today, zone)
    rows = session.execute(
        select(
            Transaction.state,
            Transaction.currency,
            func.count().label("count"),
            func.sum(Transaction.paid).label("sum"),
        )
        .where(Transaction.created_at >= first, Transaction.created_at < after)
        .group_by(Transaction.state, Transaction.currency)
        .order_by(Transaction.currency)
    ).all()
    succeeded = sum(row[2] for row in rows if row.state == State.COMPLETE)
    failed = sum(row[2] for row in rows if row.state == State.FAILED)
    waiting = session.execute(
        select(
            func.count(),
            func.count().filter(is_stuck()),
        ).where(Transaction.state == State.PENDING)
    ).one()
    return Overview(
        succeeded,
        failed,
        percent(succeeded, succeeded + failed),
        [str(Money(int(row.sum), row.currency)) for row in rows if row.state == State.COMPLETE],
        pending=waiting[0],
        stuck=waiting[1],
    )


def percent(part: int, whole: int) -> str:
    """A share in words, with one decimal; a dash of nothing."""
    return f"{part * 100 / whole:.1f} %" if whole else "\u2013"
