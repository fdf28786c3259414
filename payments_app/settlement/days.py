"""Business days: which one a moment belongs to, exact to the second in the merchant's own zone.

A day ends at an instant, not at a reading of the clock: where clocks go back, the cut-off's hour
comes twice and its first coming counts; where they go forward over it, the instant that it would
have been. So days follow each other without gap or overlap, 23 or 25 hours long if need be.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)


def ends_at(day: dt.date, zone: ZoneInfo, cutoff: int) -> dt.datetime:
    """The instant (UTC) that ends a business day; `cutoff` in minutes after midnight, 0 being the
    midnight at the day's end."""
    last = day if cutoff else day + _DAY
    local = dt.datetime.combine(last, dt.time(*divmod(cutoff, 60)), tzinfo=zone)
    return local.astimezone(dt.UTC)


def starts_at(day: dt.date, zone: ZoneInfo, cutoff: int) -> dt.datetime:
    """The instant (UTC) that begins it: the end of the day before."""
    return ends_at(day - _DAY, zone, cutoff)


def business_day(moment: dt.datetime, zone: ZoneInfo, cutoff: int) -> dt.date:
    """The day that a moment belongs to: the first that ends after it."""
    day = moment.astimezone(zone).date() - _DAY
    while ends_at(day, zone, cutoff) <= moment:
        day += _DAY
    return day
