"""Times as the reader's clock shows them, with UTC at hand."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import current_app, request

from payments_app.core.ago import ago, day_shown, moment_shown
from payments_app.core.db.clock import in_zone, known_zone, utcnow

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))
_STORED = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\S*)?")


@dataclass(frozen=True)
class When:
    """One moment for a page: `text` in the reader's zone, `utc` for the title, `iso` for
    programs; `ago` is how long it is past in short, for lists; `weekday` is Mon to Sun."""

    text: str
    utc: str
    iso: str
    ago: str
    weekday: str


def when(moment: dt.datetime | str | None, zone: ZoneInfo) -> When | None:
    """An aware moment, or its ISO form, for a page."""
    if moment is None:
        return None
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    local, utc = in_zone(moment, zone), moment.astimezone(dt.UTC)
    return When(
        moment_shown(local),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        utc.isoformat(timespec="milliseconds"),
        ago(local, in_zone(utcnow(), zone)),
        f"{local:%a}",
    )


def as_shown(stored: str, zone: ZoneInfo) -> str:
    """A day or an aware moment in its ISO form as pages write it; any other text as it is."""
    if not (found := _STORED.fullmatch(stored)):
        return stored
    try:
        moment = dt.datetime.fromisoformat(stored)
    except ValueError:
        return stored
    if not found[1]:
        return day_shown(moment)
    shown = when(moment, zone) if moment.tzinfo else None
    return shown.text if shown else stored


def reader_zone() -> ZoneInfo:
    """The zone that the reader's browser named, else the business's own."""
    named = request.cookies.get("staff_zone", "")
    return known_zone(named) or business_zone()


def business_zone() -> ZoneInfo:
    """Where the business's day begins and ends."""
    return ZoneInfo(current_app.config["CONFIG"].business_timezone)


def time_left(until: dt.datetime, now: dt.datetime) -> str:
    """How far away a moment is, in the largest unit of which there is a whole one."""
    seconds = int((until - now).total_seconds())
    if abs(seconds) < 60:
        return "now"
    name, size = next(unit for unit in _UNITS if abs(seconds) >= unit[1])
    count = abs(seconds) // size
    words = f"{count} {name}{'' if count == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"
