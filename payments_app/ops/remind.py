"""remind: a critical alert that nobody acknowledged is told again, until somebody does.

A reminder's message has its number in its key, so each is told once by any number of sweepers;
after a time without a sweeper only the latest one is.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.alerts import RAISED, Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox

FIRST_SECONDS = 3600
NEXT_SECONDS = 4 * 3600


def reminder_number(age_seconds: float) -> int:
    """Which reminder is the latest for an alert of this age; 0 where none is due yet."""
    if age_seconds < FIRST_SECONDS:
        return 0
    return 1 + int((age_seconds - FIRST_SECONDS) // NEXT_SECONDS)


@atomic
def remind(session: Session) -> None:
    """Stage the reminders that are due, each way that an alert is told."""
    now: dt.datetime = session.execute(select(database_now())).scalar_one()
    waiting = select(Alert.id, Alert.first_at).where(
        Alert.acknowledged_at.is_(None),
        Alert.severity == "critical",
        Alert.first_at <= database_now(-FIRST_SECONDS),
    )
    for alert in session.execute(waiting).all():
        number = reminder_number((now - alert.first_at).total_seconds())
        outbox.publish(session, RAISED, f"{alert.id}:{number}")
