"""dead_letters: look at a message that died, then retry or discard it, with a reason."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, aliased

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic, note_change
from payments_app.core.free_text import free_text
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.core.jobs.scheduler import Periodic

PAGE = 100
MAX_DECISION_REASON = 500
MADE_GOOD = "A later run of the same job did all that was due."
IS_DEAD: tuple[ColumnElement[bool], ...] = (
    Message.dead_at.is_not(None),
    Message.discarded_at.is_(None),
)


class NotDeadError(LookupError):
    """No such dead message: somebody may have dealt with it already."""


class StillOpenError(ValueError):
    """A newer message for the same is open: this one can't be tried again beside it."""


def dead() -> Select[Message]:
    """Dead messages, the newest first."""
    return select(Message).where(*IS_DEAD).order_by(Message.id.desc())


def find_dead(session: Session, message_id: int) -> Message:
    """One dead message. Raises NotDeadError."""
    message: Message | None = session.scalar(
        select(Message).where(Message.id == message_id, *IS_DEAD)
    )
    if message is None:
        raise NotDeadError(f"message {message_id} is not dead")
    return message


@atomic
def retry(session: Session, message_id: int, reason: str, actor: str) -> None:
    """Make a dead message due again, as if it were new. Raises NotDeadError, StillOpenError, and
    ValueError for a reason that can't be kept."""
    reason = checked_reason(reason)
    message = _lock(session, message_id)
    if message.unique_key and session.scalar(
        select(Message.id).where(Message.unique_key == message.unique_key, *OPEN)
    ):
        raise StillOpenError(f"{message.command} for {message.about} is open already")
    message.dead_at, message.leased_until = None, None
    message.claims = message.tries = message.failures = 0
    message.first_put_off_at = None
    message.epoch += 1
    message.available_at = database_now()
    _note(session, message, "dead_letter.retried", reason, actor)
    session.info.setdefault("wake_ups", {})[message.queue] = f"{message.command} {message.subject}"


@atomic
def discard(session: Session, message_id: int, reason: str, actor: str) -> None:
    """Give a dead message up; the row stays. Raises NotDeadError, and ValueError for a reason
    that can't be kept."""
    reason = checked_reason(reason)
    message = _lock(session, message_id)
    message.discarded_at = database_now()
    _note(session, message, "dead_letter.discarded", reason, actor)


@atomic
def discard_made_good(session: Session, jobs: Iterable[Periodic]) -> None:
    """Give up runs of periodic jobs that died, each once a later one of the same was done: that
    did all that was due, and nothing of the dead one is left for anybody to do."""
    jobs, later = list(jobs), aliased(Message)
    made_good = exists().where(
        later.command == Message.command,
        later.subject == Message.subject,
        later.id > Message.id,
        later.done_at.is_not(None),
    )
    died = session.scalars(
        select(Message)
        .where(
            *IS_DEAD,
            Message.command.in_([job.command for job in jobs]),
            Message.subject.in_([job.name for job in jobs]),
            made_good,
        )
        .order_by(Message.id)
        .with_for_update(skip_locked=True)
    )
    for message in died:
        message.discarded_at = database_now()
        _note(session, message, "dead_letter.discarded", MADE_GOOD, "system")


def checked_reason(reason: str) -> str:
    """A decision's reason as it is kept. Raises ValueError for one that can't be."""
    if_empty = "Write a reason: it is what others will find."
    return free_text(reason, what="A reason", most=MAX_DECISION_REASON, if_empty=if_empty)


def _lock(session: Session, message_id: int) -> Message:
    message: Message | None = session.scalar(
        select(Message)
        .where(Message.id == message_id, *IS_DEAD)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if message is None:
        raise NotDeadError(f"message {message_id} is not dead")
    return message


def _note(session: Session, message: Message, what: str, reason: str, actor: str) -> None:
    """The decision is a history entry, and answers the alert."""
    note_change(session, message.subject)
    history.record(
        session,
        "staff",
        what,
        actor=actor,
        subject=message.about,
        message=message.id,
        command=message.command,
        queue=message.queue,
        error=message.last_error,
        reason=reason,
    )
    alerts.acknowledge(session, f"dead_letter:{message.id}", actor)
