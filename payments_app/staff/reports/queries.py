"""Reports: success rate, volume and reasons of failures, by day of the business's zone."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from payments_app.core.ago import day_shown
from payments_app.core.money import Money
from payments_app.payments.phases import State
from payments_app.staff.cells import in_words
from payments_app.staff.charts import Bars, Line, bars, line
from payments_app.staff.payments.overview import percent
from payments_app.staff.reports.rollups import Count

RANGES = (7, 30, 90, 365)
_TOP_REASONS = 12
_DAYS_APART, _WEEKS_APART = 31, 120


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
class DayGroup:
    """Days that are one row of the table and one point of a chart: a day, a week or a month."""

    words: str
    total: Day
    days: list[Day]


@dataclass(frozen=True)
class Report:
    """Newest first, of one currency; charts run from left to right. `before` is the period of the
    same length before. `more` counts the reasons that are not among `reasons`."""

    currency: str
    first: dt.date
    last: dt.date
    groups: list[DayGroup]
    total: Day
    before: Day
    reasons: list[Reason]
    more: Reason | None
    rate_chart: Line
    volume_chart: Bars


def report(
    first: dt.date,
    last: dt.date,
    currency: str,
    *,
    days: Sequence[Count],
    reasons: Sequence[Count],
    before: Sequence[Count],
) -> Report:
    """The report of one currency, whose counts these are: by day, by reason, and of the period
    before. Days on which nothing happened are in it too."""
    by_day: dict[dt.date, list[Count]] = defaultdict(list)
    for count in days:
        by_day[count.day].append(count)
    grouped = [
        (words, [(date, by_day[date]) for date in dates]) for words, dates in groups(first, last)
    ]
    counted = [[count for _, of_day in dates for count in of_day] for _, dates in grouped]
    starts = [dates[0][0] for _, dates in grouped]
    totals = [_day(start, of, currency) for start, of in zip(starts, counted, strict=True)]
    listed = [
        DayGroup(words, total, [_day(date, of, currency) for date, of in reversed(dates)])
        for (words, dates), total in zip(grouped, totals, strict=True)
    ]
    failed = _reasons(reasons)
    return Report(
        currency=currency,
        first=first,
        last=last,
        groups=listed[::-1],
        total=_day(last, days, currency),
        before=_day(first, before, currency),
        reasons=failed[:_TOP_REASONS],
        more=_others(failed[_TOP_REASONS:], failed),
        rate_chart=line(starts, [_rate(of) for of in counted]),
        volume_chart=bars(
            starts,
            [summed(of, State.COMPLETE, "amount") for of in counted],
            [total.volume for total in totals],
        ),
    )


def groups(first: dt.date, last: dt.date) -> list[tuple[str, list[dt.date]]]:
    """Days, or weeks of a quarter, or months of a year: as many as an eye can tell apart."""
    dates = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    if len(dates) <= _DAYS_APART:
        return [(day_shown(date), [date]) for date in dates]
    if len(dates) <= _WEEKS_APART:
        weeks = [dates[max(0, end - 7) : end] for end in range(len(dates), 0, -7)][::-1]
        return [(f"{day_shown(week[0])} to {day_shown(week[-1])}", week) for week in weeks]
    return [
        (f"{month[0]:%B %Y}", month)
        for _, of in groupby(dates, key=lambda date: (date.year, date.month))
        for month in [list(of)]
    ]


def currencies(found: Sequence[Count]) -> list[str]:
    """The currencies of the counts, the most used first."""
    used: Counter[str] = Counter()
    for count in found:
        used[count.currency] += count.count
    return [currency for currency, _ in used.most_common()]


def _day(day: dt.date, found: Sequence[Count], currency: str) -> Day:
    succeeded, failed, pending = (
        summed(found, state, "count") for state in (State.COMPLETE, State.FAILED, State.PENDING)
    )
    amount = summed(found, State.COMPLETE, "amount")
    rate = percent(succeeded, succeeded + failed)
    return Day(day, succeeded, failed, pending, rate, str(Money(amount, currency)))


def _rate(found: Sequence[Count]) -> float | None:
    succeeded, failed = summed(found, State.COMPLETE, "count"), summed(found, State.FAILED, "count")
    return succeeded * 100 / (succeeded + failed) if succeeded + failed else None


def _reasons(found: Sequence[Count]) -> list[Reason]:
    by_reason: Counter[str] = Counter()
    for count in found:
        if count.state == State.FAILED:
            by_reason[count.reason] += count.count
    whole = by_reason.total()
    return [
        Reason(code, in_words(code) or code, count, percent(count, whole))
        for code, count in by_reason.most_common()
    ]


def _others(rest: list[Reason], every: list[Reason]) -> Reason | None:
    if not rest:
        return None
    count = sum(reason.count for reason in rest)
    share = percent(count, sum(reason.count for reason in every))
    return Reason("", f"{len(rest)} other reasons", count, share)


def summed(found: Sequence[Count], state: str, what: str) -> int:
    return sum(getattr(count, what) for count in found if count.state == state)
