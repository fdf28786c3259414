"""Which messages are due, and how one is made due now."""

from __future__ import annotations

import datetime as dt

from flask import current_app
from sqlalchemy import ARRAY, ColumnElement, String, any_, func, literal, or_, select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.jobs.outbox import OPEN, Message, commands
from payments_app.core.jobs.pauses import is_paused
from payments_app.core.restores import is_restoring

UNKNOWN_SECONDS = 60  # so long a message that is due here may be taken by a process that knows it


def run_now(session: Session, command: str, subject: str) -> bool:
    """Make this subject's waiting message due now; False where none is waiting."""
    row = session.execute(
        update(Message)
        .where(Message.command == command, Message.subject == subject, *OPEN)
        .where(or_(Message.leased_until.is_(None), Message.leased_until <= database_now()))
        .values(available_at=database_now())
        .returning(Message.queue)
    ).first()
    if row:
        session.info.setdefault("wake_ups", {})[row.queue] = f"{command} {subject}"
    return row is not None


def run_all_now(session: Session, *names: str) -> int:
    """Make every waiting message of these commands due now; return how many there are."""
    rows = session.execute(
        update(Message)
        .where(Message.command.in_(names), Message.tries > 0, *OPEN)
        .where(Message.leased_until.is_(None), Message.available_at > database_now())
        .values(available_at=database_now())
        .returning(Message.queue)
    ).all()
    for row in rows:
        session.info.setdefault("wake_ups", {})[row.queue] = "run_now"
    return len(rows)


def next_due_at(session: Session) -> tuple[dt.datetime | None, dt.datetime]:
    """When the next message that is put off is due (None: there is none), and what time it is."""
    put_off = select(func.min(Message.available_at)).where(
        *OPEN, Message.available_at > database_now()
    )
    return session.scalar(put_off), session.execute(select(database_now())).scalar_one()


def due_queues(session: Session) -> list[str]:
    """Queues that have a message due and nobody on it. One that is unknown here for long is left
    to `unknown.call`: a wake-up each second would start workers in vain."""
    fresh = Message.available_at > database_now(-UNKNOWN_SECONDS)
    due = select(Message.queue).where(*claimable(), or_(is_known(), fresh))
    return list(session.scalars(due.distinct()))


def claimable() -> tuple[ColumnElement[bool], ...]:
    """Conditions on Message: open, due, leased by nobody, and on no queue that is paused. While a
    restore is open only what tells people of it."""
    told = [name for name, command in commands().items() if command.while_restoring]
    let = or_(~is_restoring(), Message.command.in_(told))
    return (*OPEN, Message.available_at <= database_now(), free(), let, ~is_paused())


def free() -> ColumnElement[bool]:
    """Condition on Message: nobody works on it."""
    return or_(Message.leased_until.is_(None), Message.leased_until <= database_now())


def is_known() -> ColumnElement[bool]:
    """Condition on Message: this process knows its command. What it does not know it leaves, at
    whatever age, to one that does."""
    known = list(commands())
    if current_app.extensions["engine"].dialect.name == "postgresql":
        # One parameter: seventy would be written into each of these statements anew.
        return Message.command == any_(literal(known, ARRAY(String)))
    return Message.command.in_(known)
