"""The registry: what any process of this installation subscribes to, kept in the database.

The process that an event happens in need not know all subscribers: another release, or another
application on the same database, may know more. What was declared once is staged by every process,
and waits for one that knows it. Taken out again by `flask queues forget`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import CommitOutcomeUnknownError, atomic
from payments_app.core.extensions import Base
from payments_app.core.outages import DATABASE

_DECLARED = "declared_subscribers"
_OF_PAYABLES = "payable"  # of no event: what only a process that knows a kind of payable can do


class EventSubscriber(Base):
    """An event stages this command, due in `delay` seconds, on the queue where whoever knows it
    looks for it. `unique_while_open` as of a Command."""

    __tablename__ = "pay_event_subscribers"

    event: Mapped[str] = mapped_column(String(80), primary_key=True)
    command: Mapped[str] = mapped_column(String(80), primary_key=True)
    queue: Mapped[str] = mapped_column(String(40))
    delay: Mapped[float]
    unique_while_open: Mapped[bool]
    declared_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())


class DeclaredSubscriber(NamedTuple):
    """A row of EventSubscriber as plain data."""

    event: str
    command: str
    queue: str
    delay: float
    unique_while_open: bool


_COLUMNS = [getattr(EventSubscriber, name) for name in DeclaredSubscriber._fields]


def register_subscribers() -> None:
    """Declare as a process starts. A database that is away stops nobody: whatever it stages or
    works on first declares again."""
    if _is_declared(_tables()):
        return
    try:
        _announce()
    except (DBAPIError, CommitOutcomeUnknownError) as error:
        DATABASE.failed(error, "what this process subscribes to is declared later")


@atomic
def _announce(session: Session) -> None:
    declare(session)


def declare(session: Session) -> None:
    """Store what this process subscribes to, in the caller's transaction, unless it is there."""
    tables, here = _tables(), session.get_transaction()
    if _is_declared(tables):
        return
    if here is not None and session.info.get(_DECLARED) == (tables, here):
        return
    stored = {DeclaredSubscriber(*row) for row in session.execute(select(*_COLUMNS))}
    if missing := sorted(own_subscribers() - stored):
        _store(session, missing)
        # For this transaction alone: it may yet be rolled back.
        session.info[_DECLARED] = (tables, session.get_transaction())
    else:
        current_app.extensions[_DECLARED] = tables


_Tables = tuple[dict[str, Any], dict[str, Any], frozenset[str]]


def _tables() -> _Tables:
    """As they are now; copies, since a table may be added to."""
    known = current_app.extensions
    return dict(known["events"]), dict(known["commands"]), frozenset(known["payable_commands"]())


def _is_declared(tables: _Tables) -> bool:
    return bool(current_app.extensions.get(_DECLARED) == tables)


def own_subscribers() -> frozenset[DeclaredSubscriber]:
    """What this process subscribes to, as the application was built with, and what it does for the
    kinds of payables that it knows."""
    commands = current_app.extensions["commands"]
    of_payables = current_app.extensions["payable_commands"]().items()
    return frozenset(
        DeclaredSubscriber(_OF_PAYABLES, name, known.queue, 0.0, known.unique_while_open)
        for name, known in of_payables
    ) | frozenset(
        DeclaredSubscriber(
            event, subscriber.command, known.queue, float(subscriber.delay), known.unique_while_open
        )
        for event, listed in current_app.extensions["events"].items()
        for subscriber in listed
        if (known := commands.get(subscriber.command)) is not None
    )


def subscribers(session: Session, event: str) -> list[DeclaredSubscriber]:
    """All that any process declared for an event."""
    query = select(*_COLUMNS).where(EventSubscriber.event == event)
    rows = session.execute(query.order_by(EventSubscriber.command))
    return [DeclaredSubscriber(*row) for row in rows]


def is_declared(session: Session, command: str) -> bool:
    """Whether any process of this installation said that it knows a command."""
    named = select(EventSubscriber.event).where(EventSubscriber.command == command)
    return session.scalar(named.limit(1)) is not None


def home_of(session: Session, command: str) -> DeclaredSubscriber:
    """Where a command belongs that is not known here. Raises LookupError where no process
    declared it."""
    query = select(*_COLUMNS).where(EventSubscriber.command == command)
    row = session.execute(query.order_by(EventSubscriber.declared_at.desc()).limit(1)).first()
    if row is None:
        raise LookupError(f"no process of this installation has a command {command!r}")
    return DeclaredSubscriber(*row)


def _store(session: Session, missing: list[DeclaredSubscriber]) -> None:
    """Sorted, so that two processes that begin at once do not wait for each other in a circle."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql.insert if on_postgresql else sqlite.insert)(EventSubscriber)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["event", "command"],
            set_={
                "queue": insert.excluded.queue,
                "delay": insert.excluded.delay,
                "unique_while_open": insert.excluded.unique_while_open,
                "declared_at": database_now(),
            },
        ),
        [row._asdict() for row in missing],
    )
