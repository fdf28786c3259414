"""ago: how long something is past, in short, for lists; duration: how long something lasts; and the
one way in which the pages of staff and of merchants write days and moments."""

from __future__ import annotations

import datetime as dt

DAY = "%m/%d/%Y"
_CLOCK, _SECONDS = "%I:%M %p", "%I:%M:%S %p"


def day_shown(day: dt.date) -> str:
    """A day: 11/26/2026."""
    return f"{day:{DAY}}"


def moment_shown(local: dt.datetime) -> str:
    """A moment on the clock that it was moved to: 11/26/2026 02:47 PM EST."""
    return f"{local:{DAY} {_CLOCK}} {local.tzname()}"


def seconds_shown(local: dt.datetime) -> str:
    """The same to the second, for what follows one another: 11/26/2026 02:47:05 PM EST."""
    return f"{local:{DAY} {_SECONDS}} {local.tzname()}"


def clock_shown(local: dt.datetime, *, seconds: bool = False) -> str:
    """The clock alone, below or beside its day: 02:47 PM."""
    return f"{local:{_SECONDS if seconds else _CLOCK}}"


def duration(seconds: float) -> str:
    """Seconds in the unit that people count such a time in: "45 s", "12 min", "3 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def short(milliseconds: int) -> str:
    """The same of what mostly takes no second: "40 ms", "2.3 s", "12 min"."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return (
        f"{milliseconds / 1000:.1f} s" if milliseconds < 20_000 else duration(milliseconds / 1000)
    )


def ago(moment: dt.datetime, now: dt.datetime) -> str:
    """Minutes and hours of today, then "Yesterday", then the day."""
    seconds = (now - moment).total_seconds()
    days = (now.date() - moment.date()).days
    if 0 <= seconds < 60:
        return f"{int(seconds)} s ago"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if 0 <= seconds < 12 * 3600:
        return f"{int(seconds // 3600)} h ago"
    if 0 <= days <= 1:
        return "Yesterday" if days else "Today"
    return day_shown(moment)
