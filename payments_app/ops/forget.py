"""forget: a command that no process will ever know again is no longer staged, nor waited for."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from payments_app.core import alerts, history, registry
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import unknown
from payments_app.core.jobs.outbox import OPEN, Message, commands
from payments_app.core.registry import EventSubscriber
from payments_app.ops.dead_letters import checked_reason


class StillKnownError(ValueError):
    """This process subscribes to it: it would be declared again."""


@atomic
def forget(session: Session, command: str, reason: str, actor: str) -> tuple[int, int]:
    """Take a command's subscriptions out of the registry and discard the messages that wait for
    it; return how many there were of each. The rows of the messages stay.

    Raises StillKnownError where this process subscribes to it, and ValueError for a reason that
    can't be kept, or where there is nothing to forget. A command that is known here and not
    subscribed any more loses its subscriptions alone: its messages are worked on.
    """
    reason = checked_reason(reason)
    if any(own.command == command for own in registry.own_subscribers()):
        raise StillKnownError(f"{command} is subscribed here: take it out of the code first")
    subscribed = _count(session, delete(EventSubscriber).where(EventSubscriber.command == command))
    discarded = 0
    if command not in commands():
        waiting = update(Message).where(Message.command == command, *OPEN)
        now = {"dead_at": database_now(), "discarded_at": database_now()}
        discarded = _count(session, waiting.values(leased_until=None, last_error=reason, **now))
    if not subscribed and not discarded:
        raise ValueError(f"Nothing is subscribed or waits under the name {command}.")
    history.record(
        session,
        "staff",
        "subscriber.forgotten",
        actor=actor,
        subject=command,
        reason=reason,
        subscriptions=subscribed,
        discarded=discarded,
    )
    alerts.acknowledge(session, unknown.alert_key(command), actor)
    return subscribed, discarded


def _count(session: Session, change: Any) -> int:
    return cast("CursorResult[Any]", session.execute(change)).rowcount
