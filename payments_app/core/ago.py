"""ago: how long something is past, in short, for lists; duration: how long something lasts."""

from __future__ import annotations

import datetime as dt


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
    return f"{moment:%b} {moment.day}" + ("" if moment.year == now.year else f", {moment.year}")
