"""heartbeats: which processes work, and what each was built with. One that was started from another
application or release than the rest, or with other settings, is named."""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.ago import ago, duration
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import CommitOutcomeUnknownError, at_once
from payments_app.core.extensions import Base
from payments_app.core.jobs import outbox

log = logging.getLogger(__name__)

EVERY_SECONDS = 60
RECENT_SECONDS = 3 * EVERY_SECONDS
_NAMED = 3  # of what a process does not know


class Heartbeat(Base):
    """A process that works: its last sign of life, and what it `knows` (see `knowledge`)."""

    __tablename__ = "pay_heartbeats"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(120))
    knows: Mapped[dict[str, Any]]
    started_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)

    @property
    def words(self) -> str:
        """The process, as a person finds it."""
        return f"{self.name} at {self.place}"


class Heart:
    """Of one process: it beats at most every EVERY_SECONDS."""

    def __init__(self, name: str) -> None:
        self._id, self._name, self._next = new_id("beat"), name, 0.0

    def beat(self) -> None:
        """Store that this process works. A database that is away learns it a minute later."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY_SECONDS
        try:
            at_once(self._stored())
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            log.warning("a heartbeat of %s is not stored: %s", self._name, error)

    def end(self) -> None:
        """It ends as it was told to, and is not looked for any more."""
        try:
            at_once(delete(Heartbeat).where(Heartbeat.id == self._id).returning(Heartbeat.id))
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            log.warning("the heartbeat of %s is not taken back: %s", self._name, error)

    def _stored(self) -> Any:
        on_postgresql = current_app.extensions["engine"].dialect.name == "postgresql"
        insert = (postgresql.insert if on_postgresql else sqlite.insert)(Heartbeat).values(
            id=self._id,
            name=self._name,
            place=f"{socket.gethostname()[:100]}:{os.getpid()}",
            knows=knowledge(),
        )
        changed = {"seen_at": database_now(), "knows": insert.excluded.knows}
        return insert.on_conflict_do_update(index_elements=["id"], set_=changed).returning(
            Heartbeat.id
        )


def knowledge() -> dict[str, Any]:
    """What this process was built with: all that must be alike in every process of one shop. The
    kinds of payables are in the names of their commands."""
    config = current_app.config["CONFIG"]
    events = current_app.extensions["events"]
    return {
        "site": f"{config.public_url}{config.prefix}",
        "commands": sorted(outbox.commands()),
        "subscribers": sorted(
            f"{one.command} of {event}" for event, listed in events.items() for one in listed
        ),
    }


def recent(session: Session, started_before: float = 0) -> Sequence[Heartbeat]:
    """The processes that were seen lately, and started at least `started_before` seconds ago; the
    newest first."""
    query = select(Heartbeat).where(
        Heartbeat.seen_at > database_now(-RECENT_SECONDS),
        Heartbeat.started_at <= database_now(-started_before),
    )
    ordered = query.order_by(Heartbeat.started_at.desc(), Heartbeat.id)
    return session.scalars(ordered.execution_options(populate_existing=True)).all()


def differences(
    beats: Sequence[Heartbeat], knows: dict[str, Any], now: dt.datetime | None = None
) -> list[str]:
    """A sentence for each process that was not built as one which knows this; where `now` is
    given, with how long ago it was seen: one that was killed is still named for a while."""
    kept = f"one that was killed is named for {duration(RECENT_SECONDS)}"
    return [
        f"{beat.words}{f' (seen {ago(beat.seen_at, now)}; {kept})' if now else ''} "
        f"{' and '.join(_apart(beat.knows, knows))}."
        for beat in beats
        if beat.knows != knows
    ]


def _apart(its: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    if its.get("site") != wanted["site"]:
        yield f"writes addresses of {its.get('site')} and not of {wanted['site']}"
    for what in ("commands", "subscribers"):
        missing = sorted(set(wanted[what]) - set(its.get(what, ())))
        more = sorted(set(its.get(what, ())) - set(wanted[what]))
        if missing:
            yield f"knows no {_listed(missing)}"
        if more:
            yield f"alone knows {_listed(more)}"


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest
