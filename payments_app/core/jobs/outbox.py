"""The outbox: what is to be done, kept in the database until its effect has committed.

A message commits with the state that asks for it, so neither is ever without the other. A worker
claims it by a lease with an epoch, by the database's clock; a copy of the worker that comes back
after its lease ran out finds another epoch and changes nothing here.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    String,
    Text,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import registry
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.db.session import insert_once
from payments_app.core.extensions import Base
from payments_app.core.jobs import wake_up

log = logging.getLogger(__name__)

DAY = 86_400.0
SWEEPER = wake_up.SWEEPER
UNKNOWN_SECONDS = 60  # so long a message that is due here may be taken by a process that knows it


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


OPEN = (Message.done_at.is_(None), Message.dead_at.is_(None))


@dataclass(frozen=True)
class Claim:
    """A lease on one message, as plain data: the worker holds no row while it works."""

    message_id: int
    queue: str
    command: str
    subject: str
    epoch: int
    claims: int
    tries: int
    failures: int = 0


@dataclass(frozen=True)
class Policy:
    """How a command is retried: seconds to wait after each failure; after the last it is dead.

    A policy that depends on what went wrong overrides `wait`.
    """

    waits: tuple[float, ...] = (1, 2, 5, 30, 120)

    def wait(self, failures: int, error: BaseException) -> float | None:
        """Seconds to wait after `error`, with `failures` before it; None: the message is dead."""
        return self.waits[failures] if failures < len(self.waits) else None


@dataclass(frozen=True)
class Command:
    """What a message may ask for: `run(subject, claim)` on `queue`.

    Of a command that is `unique_while_open` one message at most is open for each subject: a second
    one is logged and not stored. `on_dead_letter(session, subject)` says on the subject's own row
    that its message died, in the transaction in which it does.

    `deadline` is for how many seconds it may be put off (Later); after that its message is dead,
    with an alert. A command that is put off for ever says in `unending` why that is right, and
    tells a person itself.
    """

    run: Callable[[str, Claim], None]
    queue: str
    policy: Policy = Policy()
    unique_while_open: bool = False
    on_dead_letter: Callable[[Session, str], None] | None = None
    deadline: float = DAY
    unending: str = ""


@dataclass(frozen=True)
class Subscriber:
    """A handler of an event: the command it stages, due in `delay` seconds."""

    command: str
    delay: float = 0


class Later(Exception):
    """Raised by a command: not now, come back in `seconds`. Counts neither as crash nor failure,
    and has an end: the command's `deadline`."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds, self.reason = seconds, reason


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
    for subscriber in subscribers_of(session, event):
        command = subscriber.command
        if command not in told:
            stage(
                session,
                command,
                subject,
                key=f"{command}:{about or subject}",
                delay=subscriber.delay,
            )


def commands() -> Mapping[str, Command]:
    """All that a message may ask of this process: what the application was built with, and what
    each kind of payable adds."""
    table: Mapping[str, Command] = current_app.extensions["commands"]
    return {**current_app.extensions["payable_commands"](), **table}


def is_known() -> ColumnElement[bool]:
    """Condition on Message: this process knows its command. What it does not know it leaves, at
    whatever age, to one that does."""
    return Message.command.in_(list(commands()))


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
    )
    if not fresh:
        log.info("%s for %s is a duplicate, and not stored", command, subject)
    if fresh and delay <= 0:
        session.info.setdefault("wake_ups", {})[queue] = f"{command} {subject}"
    return fresh


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
    end: what asks may have happened after the first was worked on. False where both are there.
    """
    now = time.time()
    window = int(now // seconds)
    key = f"{command}:{subject}:{seconds}:{window}"
    rest = (window + 1) * seconds - now
    first = stage(session, command, subject, key=key)
    return first or stage(session, command, subject, key=f"{key}:last", delay=rest)


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
    """Conditions on Message: open, due, and leased by nobody."""
    free = or_(Message.leased_until.is_(None), Message.leased_until <= database_now())
    return (*OPEN, Message.available_at <= database_now(), free)
