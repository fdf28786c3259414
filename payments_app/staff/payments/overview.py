"""A day's figures, from the rows themselves."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, cast, extract, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import day_bounds, utcnow
from payments_app.core.money import Money
from payments_app.core.web.cache import shape_of
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.transactions.stuck import is_stuck
from payments_app.staff import cache
from payments_app.staff.charts import Beside, beside

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Day:
    """Counts of attempts that began on a day, and of what they were to pay for (`orders`). Rates
    are in words, of those that ended. `volume` is what was paid, `net` that without the refunds of
    the day, a text for each currency. `hours` is by currency what was paid up to each hour's end,
    in minor units."""

    succeeded: int
    failed: int
    rate: str
    orders_paid: int
    orders_failed: int
    orders_rate: str
    volume: list[str]
    net: list[str]
    hours: dict[str, list[int]]


@dataclass(frozen=True)
class Overview:
    """A day, the same day of the week before, and what is `pending` and `stuck` of any day."""

    day: Day
    week_before: Day
    pending: int
    stuck: int


def overview(session: Session, today: dt.date, zone: ZoneInfo) -> Overview:
    """The figures of the day `today` in `zone`. Those of the week before are kept for an hour:
    little happens to that day any more."""
    before = today - WEEK
    kept = cache.remembered(
        f"day:{shape_of(Day)}:{zone.key}:{before}",
        cache.HOUR,
        lambda: asdict(_day(session, before, zone)),
    )
    waiting = session.execute(
        select(func.count(), func.count().filter(is_stuck())).where(
            Transaction.state == State.PENDING
        )
    ).one()
    return Overview(_day(session, today, zone), Day(**kept), waiting[0], waiting[1])


def _day(session: Session, day: dt.date, zone: ZoneInfo) -> Day:
    first, after = day_bounds(day, zone)
    began = (Transaction.created_at >= first, Transaction.created_at < after)
    rows = session.execute(
        select(
            Transaction.state,
            Transaction.currency,
            func.count().label("count"),
            func.sum(Transaction.paid).label("sum"),
        )
        .where(*began)
        .group_by(Transaction.state, Transaction.currency)
        .order_by(Transaction.currency)
    ).all()
    succeeded = sum(row[2] for row in rows if row.state == State.COMPLETE)
    failed = sum(row[2] for row in rows if row.state == State.FAILED)
    paid = {row.currency: int(row.sum) for row in rows if row.state == State.COMPLETE}
    net = Counter(paid)
    net.subtract(_refunded(session, first, after))
    orders = _orders(session, *began)
    return Day(
        succeeded,
        failed,
        percent(succeeded, succeeded + failed),
        orders[State.COMPLETE],
        orders[State.FAILED],
        percent(orders[State.COMPLETE], orders.total() - orders[State.PENDING]),
        volume=[str(Money(amount, currency)) for currency, amount in paid.items()],
        net=[str(Money(amount, currency)) for currency, amount in sorted(net.items())],
        hours=_hours(session, first, after),
    )


def _hours(session: Session, first: dt.datetime, after: dt.datetime) -> dict[str, list[int]]:
    """Up to the hour that is now, of a day that is not over."""
    since = cast(extract("epoch", Transaction.created_at), Integer) - int(first.timestamp())
    hour = (since // 3600).label("hour")
    rows = session.execute(
        select(Transaction.currency, hour, func.sum(Transaction.paid).label("sum"))
        .where(
            Transaction.created_at >= first,
            Transaction.created_at < after,
            Transaction.state == State.COMPLETE,
        )
        .group_by(Transaction.currency, hour)
    ).all()
    begun = math.ceil((min(after, utcnow()) - first).total_seconds() / 3600)
    found = {row.currency: [0] * max(begun, 1) for row in rows}
    for row in rows:
        found[row.currency][min(max(row.hour, 0), len(found[row.currency]) - 1)] += int(row.sum)
    return {currency: list(accumulate(sums)) for currency, sums in found.items()}


@dataclass(frozen=True)
class DayChart:
    """What was paid today beside the week before, in the currency of most; `words` says it."""

    lines: Beside
    now: str
    before: str
    words: str


def chart_of(figures: Overview) -> DayChart | None:
    """None where nothing was paid on either day."""
    day, before = figures.day.hours, figures.week_before.hours
    ends = {currency: sums[-1] for currency, sums in (day or before).items()}
    if not ends:
        return None
    currency = max(ends, key=lambda each: ends[each])
    now, then = day.get(currency, [0]), before.get(currency, [0] * 24)
    paid, were = str(Money(now[-1], currency)), str(Money(then[-1], currency))
    by_now = Money(then[min(len(now), len(then)) - 1], currency)
    words = f"{paid} paid today so far; a week ago {by_now} by this hour, {were} in all"
    return DayChart(beside(now, then), paid, were, words)


def _refunded(session: Session, first: dt.datetime, after: dt.datetime) -> dict[str, int]:
    """What was given back of any payment by refunds of these hours, by currency."""
    rows = session.execute(
        select(Refund.currency, func.sum(Refund.amount))
        .where(
            Refund.created_at >= first,
            Refund.created_at < after,
            Refund.state == RefundState.SUCCEEDED,
        )
        .group_by(Refund.currency)
    )
    return {row[0]: int(row[1]) for row in rows}


def _orders(session: Session, *began: object) -> Counter[str]:
    """How many things were to be paid for, by what became of them: paid by any of the attempts,
    pending, or failed by all."""
    payable = (PaymentRecord.payable_type, PaymentRecord.payable_id)
    # In the alphabet, `complete` comes first and `pending` last: a pending one is not failed.
    of_each = (
        select(func.min(Transaction.state).label("best"), func.max(Transaction.state).label("last"))
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .where(PaymentRecord.role == Role.PAYS_FOR, *began)  # type: ignore[arg-type]
        .group_by(*payable)
        .subquery()
    )
    rows = session.execute(
        select(of_each.c.best, of_each.c.last, func.count()).group_by(
            of_each.c.best, of_each.c.last
        )
    )
    found: Counter[str] = Counter()
    for best, last, count in rows:
        found[best if best == State.COMPLETE else last] += count
    return found


def percent(part: int, whole: int) -> str:
    """A share in words, with one decimal; a dash of nothing."""
    return f"{part * 100 / whole:.1f} %" if whole else "\u2013"
