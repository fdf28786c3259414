"""Reports: success rate, volume and reasons of failures, by day of the business's zone."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.money import Money
from payments_app.payments.phases import State
from payments_app.staff.cells import in_words
from payments_app.staff.payments.overview import percent
from payments_app.staff.reports.charts import Bars, Line, bars, line
from payments_app.staff.reports.rollups import Count, counts

RANGES = (7, 30, 90, 365)
_TOP_REASONS = 12


@dataclass(frozen=True)
class Day:
    """One row of the table. `rate` is of what ended, in words; `volume` of what was paid."""

    day: dt.date
    succeeded: int
    failed: int
    pending: int
    rate: str
    volume: str


@dataclass(frozen=True)
class Reason:
    """How many attempts failed for this reason, and their share."""

    code: str
    words: str
    count: int
    share: str


@dataclass(frozen=True)
class Report:
    """Days newest first, of one currency; charts run from left to right."""

    currency: str
    days: list[Day]
    total: Day
    reasons: list[Reason]
    rate_chart: Line
    volume_chart: Bars


def currencies(found: Sequence[Count]) -> list[str]:
    """The currencies of the counts, the most used first."""
    used: Counter[str] = Counter()
    for count in found:
        used[count.currency] += count.count
    return [currency for currency, _ in used.most_common()]


def report(found: Sequence[Count], first: dt.date, last: dt.date, currency: str) -> Report:
    """The report of one currency; days on which nothing happened are in it too."""
    by_day: dict[dt.date, list[Count]] = defaultdict(list)
    for count in found:
        if count.currency == currency:
            by_day[count.day].append(count)
    dates = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    days = [_day(date, by_day[date], currency) for date in dates]
    volumes = [_sum(by_day[date], State.COMPLETE, "amount") for date in dates]
    everything = [count for date in dates for count in by_day[date]]
    return Report(
        currency=currency,
        days=days[::-1],
        total=_day(last, everything, currency),
        reasons=_reasons(everything),
        rate_chart=line(dates, [_rate(by_day[date]) for date in dates]),
        volume_chart=bars(dates, volumes, [day.volume for day in days]),
    )


@dataclass(frozen=True)
class Sales:
    """What was paid in one currency; `amount` in its minor units."""

    payments: int
    failed: int
    amount: int
    formatted: str


@dataclass(frozen=True)
class SalesSummary:
    """Sales by currency; `as_of` in ISO 8601."""

    zone: str
    as_of: str
    today: dict[str, Sales]
    last_30_days: dict[str, Sales]


def sales_summary(session: Session, zone: ZoneInfo) -> SalesSummary:
    """What was paid today and in the last 30 days, by currency, in minor units and in words."""
    today = utcnow().astimezone(zone).date()
    found = counts(session, today - dt.timedelta(days=29), today, zone)
    return SalesSummary(
        zone=zone.key,
        as_of=utcnow().isoformat(timespec="seconds"),
        today=_sales([count for count in found if count.day == today]),
        last_30_days=_sales(found),
    )


def _sales(found: Sequence[Count]) -> dict[str, Sales]:
    return {
        currency: Sales(
            payments=_sum(own, State.COMPLETE, "count"),
            failed=_sum(own, State.FAILED, "count"),
            amount=(amount := _sum(own, State.COMPLETE, "amount")),
            formatted=str(Money(amount, currency)),
        )
        for currency in currencies(found)
        for own in [[count for count in found if count.currency == currency]]
    }


def _day(day: dt.date, found: Sequence[Count], currency: str) -> Day:
    succeeded, failed, pending = (
        _sum(found, state, "count") for state in (State.COMPLETE, State.FAILED, State.PENDING)
    )
    amount = _sum(found, State.COMPLETE, "amount")
    rate = percent(succeeded, succeeded + failed)
    return Day(day, succeeded, failed, pending, rate, str(Money(amount, currency)))


def _rate(found: Sequence[Count]) -> float | None:
    succeeded, failed = _sum(found, State.COMPLETE, "count"), _sum(found, State.FAILED, "count")
    return succeeded * 100 / (succeeded + failed) if succeeded + failed else None


def _reasons(found: Sequence[Count]) -> list[Reason]:
    by_reason: Counter[str] = Counter()
    for count in found:
        if count.state == State.FAILED:
            by_reason[count.reason] += count.count
    whole = by_reason.total()
    return [
        Reason(code, in_words(code) or code, count, percent(count, whole))
        for code, count in by_reason.most_common(_TOP_REASONS)
    ]


def _sum(found: Sequence[Count], state: str, what: str) -> int:
    return sum(getattr(count, what) for count in found if count.state == state)
