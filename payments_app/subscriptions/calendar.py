"""The calendar of billing: whole days of the business's time zone, and exact months.

A period ends on the day on which the next begins. One that is anchored to the 31st ends on the
last day of a shorter month, and on the 31st again after it: every boundary is made from the
anchor, never from the shortened day before.
"""

from __future__ import annotations

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

from flask import current_app

from payments_app.core import language
from payments_app.core.db.clock import in_zone
from payments_app.core.language import Words, message
from payments_app.core.money import THREE_DECIMAL, WHOLE_UNITS

WORDS = {
    "week": message("Weekly subscription - %(plan)s"),
    "month": message("Monthly subscription - %(plan)s"),
    "year": message("Yearly subscription - %(plan)s"),
}
EVERY = {"week": Words("every week"), "month": Words("every month"), "year": Words("every year")}
_MONTHS = {"month": 1, "year": 12}


def local_day(now: dt.datetime) -> dt.date:
    """The day that it is in BUSINESS_TIMEZONE at this moment."""
    return in_zone(now, ZoneInfo(current_app.config["CONFIG"].business_timezone)).date()


def day_words(moment: dt.date | dt.datetime) -> Words:
    """As people write a day: "December 22, 2026"; of a moment, the business's day."""
    return language.day(local_day(moment) if isinstance(moment, dt.datetime) else moment)


def in_words(stored: str) -> str:
    """A period's description as it was stored, in the reader's language: its plan may have another
    name by now, and its subscription another plan."""
    for sentence in WORDS.values():
        before = sentence.partition("%(plan)s")[0]
        if stored.startswith(before):
            return Words(sentence, plan=stored.removeprefix(before))
    return stored


def next_boundary(start: dt.date, interval: str, anchor_day: int) -> dt.date:
    """The day on which the period after the one of `start` begins; `anchor_day` from 1 to 31."""
    if interval == "week":
        return start + dt.timedelta(days=7)
    months = start.year * 12 + start.month - 1 + _MONTHS[interval]
    year, month = months // 12, months % 12 + 1
    return dt.date(year, month, min(anchor_day, calendar.monthrange(year, month)[1]))


def prorated(amount: int, days_left: int, days: int, currency: str) -> int:
    """The part of `amount` (minor units) that falls on `days_left` of `days`, rounded half up to
    what can be charged in the currency."""
    step = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_UNITS else 1
    return (2 * amount * days_left + days * step) // (2 * days * step) * step
