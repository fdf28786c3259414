"""pauses: a queue that a person paused. Its messages stay, and no worker claims one until somebody
resumes it; what runs already is finished. The sweeper's own is never paused: it tells people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, delete, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.extensions import Base
from payments_app.core.free_text import free_text
from payments_app.core.jobs.outbox import Message

MAX_REASON = 500


class PausedQueue(Base):
    """A queue that nothing is claimed from, since whom and why."""

    __tablename__ = "pay_paused_queues"

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    reason: Mapped[str] = mapped_column(String(MAX_REASON))
    paused_by: Mapped[str] = mapped_column(String(80))
    paused_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())


def is_paused() -> ColumnElement[bool]:
    """Condition on Message: its queue is paused."""
    return exists(select(PausedQueue.queue).where(PausedQueue.queue == Message.queue))


def paused_queues(session: Session) -> Sequence[PausedQueue]:
    """All that are paused."""
    return session.scalars(select(PausedQueue).order_by(PausedQueue.queue)).all()


@atomic
def pause(session: Session, queue: str, reason: str, actor: str) -> bool:
    """Claim nothing from it any more. False where it is paused already. Raises ValueError for a
    reason that can't be kept."""
    if_empty = "Write a reason: it is what others will find."
    reason = free_text(reason, what="A reason", most=MAX_REASON, if_empty=if_empty)
    if not insert_once(session, PausedQueue, queue=queue, reason=reason, paused_by=actor):
        return False
    history.record(session, "staff", "queue.paused", actor=actor, subject=queue, reason=reason)
    return True


@atomic
def resume(session: Session, queue: str, actor: str) -> bool:
    """Go on, at once. False where it is not paused."""
    gone = session.execute(
        delete(PausedQueue).where(PausedQueue.queue == queue).returning(PausedQueue.queue)
    ).first()
    if gone is None:
        return False
    history.record(session, "staff", "queue.resumed", actor=actor, subject=queue)
    session.info.setdefault("wake_ups", {})[queue] = "resumed"
    return True
