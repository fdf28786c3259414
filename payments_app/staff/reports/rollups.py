"""Counts of payments by day, exact to the row.

How they are kept exact: triggers on `transactions` write every change of a payment as a delta, in
the database transaction that changes it; no code path, and no bulk load, can forget one. Deltas
are only inserted, so parallel charges never wait for each other. `aggregate` moves them into the
daily rows in one transaction, and a report adds what is not aggregated yet in the same statement.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, delete, func, literal, null, select, text, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from payments_app.core.db.clock import in_zone
from payments_app.core.db.columns import UTCDateTime
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base
from payments_app.staff.indexes import reason_code
from payments_app.staff.reports.rollup_models import DailyPayments, PaymentDelta

_BATCH = 20_000
# What the triggers count as well: what was paid, and of what was not, what would have been.
_COUNTED = "CASE WHEN state = 'complete' THEN coalesce(amount_received, amount) ELSE amount END"


@dataclass(frozen=True)
class Count:
    """Payments of one day, currency, state and reason."""

    day: dt.date
    currency: str
    state: str
    reason: str
    count: int
    amount: int


def used_currencies(session: Session, first: dt.date, last: dt.date, zone: ZoneInfo) -> list[str]:
    """The currencies of the payments of these days, and of what is not aggregated yet, the most
    used first."""
    daily = select(DailyPayments.currency, DailyPayments.count).where(*_days(first, last, zone))
    fresh = select(PaymentDelta.currency, PaymentDelta.count)
    both = union_all(daily, fresh).subquery()
    used = func.sum(both.c.count)
    ranked = select(both.c.currency).group_by(both.c.currency).having(used > 0)
    return list(session.scalars(ranked.order_by(used.desc(), both.c.currency)))


def counts(
    session: Session,
    first: dt.date,
    last: dt.date,
    zone: ZoneInfo,
    currency: str | None = None,
    *,
    by_day: bool = True,
    by_reason: bool = True,
) -> list[Count]:
    """What began on the days from `first` to `last`, perhaps in one currency, in one statement and
    so one snapshot: what is being aggregated meanwhile is neither lost nor seen twice. Not by day:
    all of them under the first one; not by reason: all under an empty one. The database adds up
    what need not be told apart."""
    day = DailyPayments.day if by_day else literal(first, Date)
    reason = DailyPayments.reason if by_reason else literal("")
    apart = [DailyPayments.day] * by_day + [DailyPayments.reason] * by_reason
    daily = (
        select(
            day.label("day"),
            null().cast(UTCDateTime()).label("at"),
            DailyPayments.currency,
            DailyPayments.state,
            reason.label("reason"),
            func.sum(DailyPayments.count).label("payments"),
            func.sum(DailyPayments.amount).label("amount"),
        )
        .where(*_days(first, last, zone))
        .group_by(DailyPayments.currency, DailyPayments.state, *apart)
    )
    fresh = select(
        literal(None, Date).label("day"),
        PaymentDelta.at,
        PaymentDelta.currency,
        PaymentDelta.state,
        PaymentDelta.reason,
        PaymentDelta.count,
        PaymentDelta.amount,
    )
    if currency:
        daily = daily.where(DailyPayments.currency == currency)
        fresh = fresh.where(PaymentDelta.currency == currency)
    summed = _sum(
        (
            day if by_day else first,
            row.currency,
            row.state,
            row.reason if by_reason else "",
            row.payments,
            row.amount,
        )
        for row in session.execute(union_all(daily, fresh))
        for day in [row.day or in_zone(row.at, zone).date()]
        if first <= day <= last
    )
    return [Count(*key, *sums) for key, sums in summed.items()]


def _days(first: dt.date, last: dt.date, zone: ZoneInfo) -> Sequence[ColumnElement[bool]]:
    day = DailyPayments.day
    return day >= first, day <= last, DailyPayments.zone == zone.key


def aggregate_all(zone: ZoneInfo) -> int:
    """Aggregate every delta there is, and begin anew where the business moved to another zone;
    return how many were aggregated."""
    aggregated = _start_in(zone)
    while batch := _aggregate(zone):
        aggregated += batch
    return aggregated


@atomic
def _aggregate(session: Session, zone: ZoneInfo) -> int:
    oldest = (
        select(PaymentDelta.id)
        .order_by(PaymentDelta.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    taken = session.execute(
        delete(PaymentDelta)
        .where(PaymentDelta.id.in_(oldest))
        .returning(
            PaymentDelta.at,
            PaymentDelta.currency,
            PaymentDelta.state,
            PaymentDelta.reason,
            PaymentDelta.count,
            PaymentDelta.amount,
        )
        .execution_options(synchronize_session=False)
    ).all()
    summed = _sum((in_zone(row.at, zone).date(), *row[1:]) for row in taken)
    # Sorted: two that aggregate at once lock the daily rows in one order.
    _add(session, [Count(*key, *sums) for key, sums in sorted(summed.items())], zone)
    return len(taken)


@atomic
def _start_in(session: Session, zone: ZoneInfo) -> int:
    """Count every payment again where the daily rows are of another zone's days."""
    others = select(DailyPayments.zone).where(DailyPayments.zone != zone.key).limit(1)
    if session.scalar(others) is None:
        return 0
    clear = ("DELETE FROM pay_daily_payments", "DELETE FROM pay_payment_deltas")
    fill = (
        "INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount) "  # noqa: S608
        "SELECT created_at, currency, state, CASE WHEN state = 'failed' THEN "
        f"substr(coalesce({reason_code}, 'unknown'), 1, 100) ELSE '' END, 1, {_COUNTED} "
        "FROM pay_transactions"
    )
    if session.get_bind().dialect.name == "postgresql":
        # One statement sees one snapshot: a payment that commits meanwhile keeps its delta, and
        # is not counted here.
        statements: tuple[str, ...] = (f"WITH a AS ({clear[0]}), b AS ({clear[1]}) {fill}",)
    else:
        statements = (*clear, fill)
    for statement in statements:
        session.execute(text(statement))
    return 0


def _add(session: Session, changes: Sequence[Count], zone: ZoneInfo) -> None:
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    daily = Base.metadata.tables[DailyPayments.__tablename__]
    insert = postgresql.insert(daily) if on_postgresql else sqlite.insert(daily)
    upsert = insert.on_conflict_do_update(
        index_elements=["zone", "day", "currency", "state", "reason"],
        set_={
            "count": daily.c.count + insert.excluded.count,
            "amount": daily.c.amount + insert.excluded.amount,
        },
    )
    if changes:
        session.execute(upsert, [{"zone": zone.key, **vars(change)} for change in changes])


_Key = tuple[dt.date, str, str, str]


def _sum(rows: Iterable[tuple[dt.date, str, str, str, int, int]]) -> dict[_Key, list[int]]:
    sums: dict[_Key, list[int]] = defaultdict(lambda: [0, 0])
    for day, currency, state, reason, count, amount in rows:
        total = sums[day, currency, state, reason]
        total[0] += int(count)
        total[1] += int(amount)
    return {key: total for key, total in sums.items() if total != [0, 0]}
