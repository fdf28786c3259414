"""timeline: a payment's timeline by days, as its page and `flask trace` show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from payments_app.core.ago import clock_shown, day_shown
from payments_app.core.db.clock import in_zone
from payments_app.staff.causes.entries import entries
from payments_app.staff.causes.groups import Group, groups
from payments_app.staff.causes.sources import read


@dataclass(frozen=True)
class Timeline:
    """`days` are (title, groups), oldest first; `read` of the `total` rows of its history are in
    them; `zone` is that of all its clocks."""

    days: list[tuple[str, list[Group]]]
    read: int
    total: int
    zone: str


def timeline(
    session: Session,
    transaction_id: str,
    zone: ZoneInfo,
    *,
    technical: bool,
    most: int | None = None,
) -> Timeline | None:
    """What happened to a payment, each thing under its cause; without technical steps unless
    asked, and of no more than the first `most` rows of its history. None for an unknown id."""
    sources = read(session, transaction_id, most)
    if sources is None:
        return None
    days: dict[str, list[Group]] = {}
    for group in groups(entries(session, sources, zone), technical=technical):
        day = in_zone(group.head.at, zone)
        days.setdefault(f"{day:%a} {day_shown(day)}", []).append(group)
        _set_clocks(group, zone)
    return Timeline(list(days.items()), len(sources.history), sources.total, zone.key)


def _set_clocks(group: Group, zone: ZoneInfo) -> None:
    """Seconds for what happened, milliseconds for steps; with its day where that is another."""
    head = in_zone(group.head.at, zone)
    group.head.clock = clock_shown(head, seconds=True)
    for entry in (*group.effects, *group.steps):
        at = in_zone(entry.at, zone)
        day = "" if at.date() == head.date() else f"{day_shown(at)}, "
        entry.clock = f"{day}{_exact(at)}"


def _exact(at: dt.datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"
