"""The outbox: what is to be done, kept in the database until its effect has committed.

A message commits with the state that asks for it, so neither is ever without the other. A worker
claims it by a lease with an epoch, by the database's clock; a copy of the worker that comes back
after its lease ran out finds another epoch and changes nothing here.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Container, Mapping, Sequence

from flask import current_app
from sqlalchemy import CheckConstraint, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import registry, tracing
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.db.session import insert_once
from payments_app.core.extensions import Base
from payments_app.core.jobs import wake_up
from payments_app.core.jobs.command import Command, Subscriber
from payments_app.core.jobs.store_together import store_together

log = logging.getLogger(__name__)

SWEEPER = wake_up.SWEEPER
SOON_SECONDS = 30  # what is put off for longer is not waited for


class Message(Base):
    """A command for one subject. `claims` counts claims that ended without a word (crashes);
    `tries` counts those that ended in order but with the work put off (the first of them at
    `first_put_off_at`), `failures` those among them that raised. `unique_key` is set where no
    second message may be open beside this one."""

    __tablename__ = "pay_outbox"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    queue: Mapped[str] = mapped_column(String(40))
    command: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80))
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    unique_key: Mapped[str | None] = mapped_column(Key(200))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    available_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    leased_until: Mapped[dt.datetime | None]
    epoch: Mapped[int] = mapped_column(default=0)
    claims: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    first_put_off_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    traceparent: Mapped[str | None] = mapped_column(String(55))  # see core/tracing.py
    done_at: Mapped[dt.datetime | None]
    dead_at: Mapped[dt.datetime | None]
    discarded_at: Mapped[dt.datetime | None]

    __table_args__ = (
        CheckConstraint("done_at IS NULL OR dead_at IS NULL", name="one_end"),
        CheckConstraint("discarded_at IS NULL OR dead_at IS NOT NULL", name="discarded_is_dead"),
        Index(
            "pay_outbox_open_unique_key_key",
            "unique_key",
            unique=True,
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index(
            "pay_outbox_dead_idx",
            "id",
            postgresql_where=text("dead_at IS NOT NULL"),
            sqlite_where=text("dead_at IS NOT NULL"),
        ),
        Index("pay_outbox_done_at_idx", "done_at"),
        Index(
            "pay_outbox_due_idx",
            "queue",
            "available_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index("pay_outbox_subject_idx", "subject", "command"),
    )

    @property
    def about(self) -> str:
        """The subject as people read it: some are cards at Stripe, whose ids nobody reads."""
        return without_payment_methods(self.subject)


OPEN = (Message.done_at.is_(None), Message.dead_at.is_(None))


_TOGETHER = store_together(Base.metadata.tables[Message.__tablename__])


def subscribers_of(session: Session, event: str) -> list[Subscriber]:
    """The subscribers of an event: those that the application was built with, and others' own."""
    known: list[Subscriber] = list(current_app.extensions["events"].get(event, ()))
    names = {subscriber.command for subscriber in known}
    others = [row for row in registry.subscribers(session, event) if row.command not in names]
    return known + [Subscriber(row.command, row.delay) for row in others]


def publish(
    session: Session,
    event: str,
    subject: str,
    *,
    about: str | None = None,
    told: Container[str] = (),
) -> None:
    """Stage each subscriber of an event, but the commands `told`, in the caller's transaction.
    Each is staged once for what `about` names: the subject, unless it is told of more than once.
    """
    registry.declare(session)
    about = about or subject
    own = list(current_app.extensions["events"].get(event, ()))
    asked = [subscriber for subscriber in own if subscriber.command not in told]
    if session.get_bind().dialect.name == "postgresql":
        others = _stage_together(session, event, subject, about, asked, own)
    else:
        others = asked + subscribers_of(session, event)[len(own) :]
    for subscriber in others:
        if subscriber.command not in told:
            key = f"{subscriber.command}:{about}"
            stage(session, subscriber.command, subject, key=key, delay=subscriber.delay)


def _stage_together(
    session: Session,
    event: str,
    subject: str,
    about: str,
    asked: Sequence[Subscriber],
    own: Sequence[Subscriber],
) -> list[Subscriber]:
    """Stage these by one statement, which also reads who else subscribed to the event."""
    places = [_place(session, subscriber.command, None) for subscriber in asked]
    rows = session.execute(
        _TOGETHER,
        {
            "subject": subject,
            "traceparent": tracing.traceparent(),
            "event": event,
            "own": [subscriber.command for subscriber in own],
            "commands": [subscriber.command for subscriber in asked],
            "queues": [queue for queue, _ in places],
            "keys": [f"{subscriber.command}:{about}" for subscriber in asked],
            "unique_keys": [
                f"{subscriber.command}:{subject}" if alone else None
                for subscriber, (_, alone) in zip(asked, places, strict=True)
            ],
            "delays": [float(subscriber.delay) for subscriber in asked],
        },
    ).all()
    stored = {row.command for row in rows if row.stored}
    for subscriber, (queue, _) in zip(asked, places, strict=True):
        fresh = subscriber.command in stored
        _tell_of(session, subscriber.command, subject, queue, subscriber.delay, fresh=fresh)
    return [Subscriber(row.command, row.delay) for row in rows if not row.stored]


def commands() -> Mapping[str, Command]:
    """All that a message may ask of this process: what the application was built with, and what
    each kind of payable adds."""
    table: Mapping[str, Command] = current_app.extensions["commands"]
    return {**current_app.extensions["payable_commands"](), **table}


def stage(
    session: Session,
    command: str,
    subject: str,
    *,
    key: str | None = None,
    delay: float = 0,
    queue: str | None = None,
) -> bool:
    """Store a message in the caller's transaction, due in `delay` seconds; its queue is woken
    after the commit. False where a message of this key (`<command>:<subject>`) is there already,
    or one is open of a command that is `unique_while_open`.

    A command that is not known here waits on `queue`, or where another process declared it.
    Raises LookupError where none did.
    """
    registry.declare(session)
    queue, unique_while_open = _place(session, command, queue)
    fresh = insert_once(
        session,
        Message,
        queue=queue,
        command=command,
        subject=subject,
        dedupe_key=key or f"{command}:{subject}",
        unique_key=f"{command}:{subject}" if unique_while_open else None,
        available_at=database_now(delay),
        traceparent=tracing.traceparent(),
    )
    _tell_of(session, command, subject, queue, delay, fresh=fresh)
    return fresh


def is_waiting(session: Session, command: str, subject: str) -> bool:
    """Whether such a message is due within SOON_SECONDS, and nobody is on it: what it reads then is
    no older than now. So of what anybody may ask for at any rate, one waits for each subject."""
    same = (Message.command == command, Message.subject == subject, *OPEN)
    soon = (Message.leased_until.is_(None), Message.available_at <= database_now(SOON_SECONDS))
    return session.scalar(select(Message.id).where(*same, *soon).limit(1)) is not None


def _tell_of(
    session: Session, command: str, subject: str, queue: str, delay: float, *, fresh: bool
) -> None:
    """Have the queue woken after the commit, where the message is new and due."""
    if not fresh:
        log.info("%s for %s is a duplicate, and not stored", command, subject)
    elif delay <= 0:
        session.info.setdefault("wake_ups", {})[queue] = f"{command} {subject}"


def _place(session: Session, command: str, queue: str | None) -> tuple[str, bool]:
    """The queue of a command, and whether it is alone."""
    if known := commands().get(command):
        return known.queue, known.unique_while_open
    if queue:
        return queue, False
    home = registry.home_of(session, command)
    return home.queue, home.unique_while_open


def stage_every(session: Session, seconds: int, command: str, subject: str) -> bool:
    """Store a message now, and where one was stored in the same `seconds` already, one for their
    end: what asks may have happened after the first was worked on. False where both are there, or
    one waits already.
    """
    if is_waiting(session, command, subject):
        return False
    now = time.time()
    window = int(now // seconds)
    key = f"{command}:{subject}:{seconds}:{window}"
    rest = (window + 1) * seconds - now
    first = stage(session, command, subject, key=key)
    return first or stage(session, command, subject, key=f"{key}:last", delay=rest)
