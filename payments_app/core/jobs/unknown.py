"""unknown: messages that are due and stay where they are, since this process does not know what
they ask for. They wait without end for a process that does; a person is told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.ago import duration
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import wake_up
from payments_app.core.jobs.due import UNKNOWN_SECONDS, claimable, is_known
from payments_app.core.jobs.outbox import Message

KIND = "unknown_command"
AGAIN_SECONDS = 86_400  # after somebody acknowledged it, while it still waits


@dataclass(frozen=True)
class Waiting:
    """What waits of one command: how many messages, the oldest for so many seconds."""

    queue: str
    command: str
    count: int
    seconds: float
    subject: str

    @property
    def words(self) -> str:
        """For whoever runs the site."""
        return (
            f"{self.command}: {self.count} due on {self.queue}, the oldest for"
            f" {duration(self.seconds)}, and this process does not know what to do. Nothing is"
            f" lost: start a worker of {self.queue} from the release or application that knows it."
        )


def tell(queue: str | None = None) -> list[Waiting]:
    """Raise an alert for each command that waits unknown, on one queue or on all; return them."""
    session = db.session()
    found = _find(session, queue)
    session.commit()  # it only read; nobody else's snapshot may stay open by it
    if found:
        _raise(found)
    return found


def call() -> None:
    """The same on all queues, and wake whoever knows them: a process may have started."""
    for queue in {waiting.queue for waiting in tell()}:
        wake_up.wake(queue, "unknown here")


def waiting_for(session: Session, subject: str) -> list[str]:
    """The commands of one subject that wait unknown."""
    query = select(Message.command).where(Message.subject == subject, *_waits())
    return list(session.scalars(query.distinct().order_by(Message.command)))


def alert_key(command: str) -> str:
    """Of the one open alert on a command."""
    return f"{KIND}:{command}"


def _waits() -> tuple[ColumnElement[bool], ...]:
    """Conditions on Message: due for a while, and unknown here."""
    long_due = Message.available_at <= database_now(-UNKNOWN_SECONDS)
    return (~is_known(), long_due, *claimable())


def _find(session: Session, queue: str | None) -> list[Waiting]:
    query = (
        select(
            Message.queue,
            Message.command,
            func.count(),
            func.min(Message.available_at),
            func.min(Message.subject),
        )
        .where(*_waits())
        .group_by(Message.queue, Message.command)
        .order_by(Message.queue, Message.command)
    )
    rows = session.execute(query.where(Message.queue == queue) if queue else query).all()
    if not rows:
        return []
    now = session.execute(select(database_now())).scalar_one()
    return [
        Waiting(queue, command, count, (now - oldest).total_seconds(), subject)
        for queue, command, count, oldest, subject in rows
    ]


@atomic
def _raise(session: Session, found: Sequence[Waiting]) -> None:
    keys = [alert_key(waiting.command) for waiting in found]
    told = select(Alert.key).where(
        Alert.key.in_(keys),
        or_(Alert.acknowledged_at.is_(None), Alert.acknowledged_at > database_now(-AGAIN_SECONDS)),
    )
    already = set(session.scalars(told))
    for waiting in found:
        key = alert_key(waiting.command)
        if key not in already:
            already.add(key)
            alerts.raise_alert(
                session,
                KIND,
                key,
                waiting.words,
                severity="critical",
                queue=waiting.queue,
                waits_for=waiting.command,
                subject=waiting.subject,
            )
