"""remind: a critical alert that nobody acknowledged is told again, until somebody does.

A reminder's message has its number in its key, so each is told once by any number of sweepers;
after a time without a sweeper only the latest one is. Many of a kind are reminded of together.
"""

from __future__ import annotations

import datetime as dt

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.alerts import MOST_ALONE, RAISED, Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox

TIMES_LONGER = 4  # between two reminders, than until the first


def reminder_number(age_seconds: float, first_seconds: float) -> int:
    """Which reminder is the latest for an alert of this age; 0 where none is due yet."""
    if age_seconds < first_seconds:
        return 0
    return 1 + int((age_seconds - first_seconds) // (TIMES_LONGER * first_seconds))


@atomic
def remind(session: Session) -> None:
    """Stage the reminders that are due, each way that an alert is told."""
    first = 60 * current_app.config["CONFIG"].alert_reminder_minutes
    now: dt.datetime = session.execute(select(database_now())).scalar_one()
    waiting = select(Alert.id, Alert.kind, Alert.first_at).where(
        Alert.acknowledged_at.is_(None),
        Alert.severity == "critical",
        Alert.first_at <= database_now(-first),
    )
    of_kind: dict[str, list[tuple[int, int]]] = {}
    for alert in session.execute(waiting.order_by(Alert.id)).all():
        number = reminder_number((now - alert.first_at).total_seconds(), first)
        of_kind.setdefault(alert.kind, []).append((alert.id, number))
    for kind, due in of_kind.items():
        if len(due) > MOST_ALONE:
            oldest, number = due[0]
            about = f"open:{kind}:{oldest}:{number}"
            outbox.publish(session, RAISED, f"open:{kind}:{number}", about=about)
            continue
        for alert_id, number in due:
            outbox.publish(session, RAISED, f"{alert_id}:{number}")
