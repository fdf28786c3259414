"""reader_time: times as whoever reads them has them on the clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from babel import dates
from flask import current_app

from payments_app.core import language
from payments_app.core.db.clock import in_zone, known_zone

_PARTS = ((dates.format_date, "long"), (dates.format_time, "short"))


def time_of(moment: dt.datetime, form: str, zone: str | None = None) -> str:
    """A moment in the zone of this name, the reader's, or else the business's; in English by the
    `strftime` form that is given, where "%-d" is the day, in other languages as they write it."""
    known = known_zone(zone or language.zone_name() or "")
    there = in_zone(moment, known or ZoneInfo(current_app.config["CONFIG"].business_timezone))
    if language.current() == language.DEFAULT:
        return there.strftime(form)
    locale = language.locale()
    written, clock = (make(there, style, locale=locale) for make, style in _PARTS)
    return f"{written}, {clock} {dates.get_timezone_name(there, 'short', locale=locale)}"
