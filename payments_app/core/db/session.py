"""The database session: how a transaction begins, ends and is tried again.

Safe from races because every writer goes through `atomic`: on SQLite it takes the write lock at
BEGIN (a DEFERRED one that upgrades later dies with "database is locked"), on PostgreSQL the service
functions lock their rows, and what collides all the same is run again as a whole.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import current_app
from sqlalchemy import Engine, Executable, Row, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core.extensions import Base, db
from payments_app.core.jobs import wake_up
from payments_app.core.outages import DATABASE

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 5
_SQLSTATES = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available
_pause = threading.Event()


class CommitOutcomeUnknownError(RuntimeError):
    """The connection broke during COMMIT: what was written may or may not be there."""


def atomic(step: Callable[Concatenate[Session, P], T]) -> Callable[P, T]:
    """Run `step(session, ...)` as one whole database transaction, and send the wake-ups it staged.

    A collision (deadlock, serialization failure, a locked SQLite file) rolls back and runs the
    whole step again, TRIES times at most; once also where its connection died before COMMIT. The
    step must not talk to anything but the database.

    Raises CommitOutcomeUnknownError when the connection breaks at COMMIT, and whatever the step
    raises (after a rollback).
    """

    @functools.wraps(step)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        session = db.session()
        if session.info.get("atomic"):
            raise RuntimeError(f"{step.__name__} would commit inside another transaction")
        _end_reading(session)
        connection_died = False
        for attempt in range(1, TRIES + 1):
            try:
                result, wake_ups, lines = _once(session, step, *args, **kwargs)
            except DBAPIError as error:
                again = not connection_died if error.connection_invalidated else is_collision(error)
                if attempt == TRIES or not again:
                    raise
                connection_died = connection_died or error.connection_invalidated
                _wait_to_repeat(step.__name__, attempt, error)
            else:
                for message, facts in lines:
                    log.info(message, extra={"facts": facts})
                for queue, why in wake_ups.items():
                    wake_up.wake(queue, why)
                return result
        raise AssertionError("unreachable")

    return run


def _wait_to_repeat(what: str, attempt: int, error: DBAPIError) -> None:
    if error.connection_invalidated:
        DATABASE.failed(error)
    else:
        log.warning("%s is run again after attempt %d: %s", what, attempt, error.orig)
    _pause.wait(random.uniform(0, 0.05) * 2**attempt)  # noqa: S311 - jitter


def _once(
    session: Session, step: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
) -> tuple[T, dict[str, str], list[tuple[str, dict[str, Any]]]]:
    session.info["atomic"] = True
    session.info["wake_ups"], session.info["lines"] = {}, []
    try:
        session.connection(execution_options={"writes": True})
        session.info["changed"] = set()
        result = step(session, *args, **kwargs)
        finish(session)
        _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["atomic"] = False
    return result, session.info.pop("wake_ups"), session.info.pop("lines")


def log_once_true(session: Session, message: str, **facts: Any) -> None:
    """Write a line to the log after the caller's transaction has committed."""
    session.info.setdefault("lines", []).append((message, facts))


def finish(session: Session) -> None:
    """What comes before the commit: what is worked out from what was changed is kept with it."""
    session.flush()
    for keep in current_app.extensions.get("before_commit", ()):
        keep(session, session.info["changed"])


def note_change(session: Session, subject: str) -> None:
    """Say that the caller's transaction changed something about a subject (the id of a payment, a
    refund, a dispute, a mail): what is worked out from it is kept before the commit, by the
    functions in `app.extensions["before_commit"]`."""
    session.info.setdefault("changed", set()).add(subject)


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise CommitOutcomeUnknownError("the connection broke during COMMIT") from error
        raise


def _end_reading(session: Session) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes made outside a transaction would be committed by the next one")
    try:
        session.commit()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        DATABASE.failed(error)
        session.invalidate()


def at_once(statement: Executable) -> Sequence[Row[Any]]:
    """Run one statement as a transaction of its own, in one round trip; return its rows.

    It is tried again as `atomic` does; but where the connection of one that writes died, raises
    CommitOutcomeUnknownError: what it wrote may or may not be there.
    """
    engine: Engine = current_app.extensions["engine_at_once"]
    for attempt in range(1, TRIES + 1):
        try:
            return _at_once(engine, statement)
        except DBAPIError as error:
            if error.connection_invalidated and not statement.is_select:
                raise CommitOutcomeUnknownError("the connection broke in a statement") from error
            again = attempt == 1 if error.connection_invalidated else is_collision(error)
            if attempt == TRIES or not again:
                raise
            _wait_to_repeat("a statement", attempt, error)
    raise AssertionError("unreachable")


def _at_once(engine: Engine, statement: Executable) -> Sequence[Row[Any]]:
    with engine.begin() as connection:
        return connection.execute(statement).all()


def is_collision(error: DBAPIError) -> bool:
    """Whether the same transaction, run again, may simply succeed."""
    return (
        getattr(error.orig, "sqlstate", None) in _SQLSTATES
        or "database is locked" in str(error.orig)
        or "database table is locked" in str(error.orig)
    )


def advisory_lock(session: Session, name: str) -> None:
    """Let nobody else hold this name until the caller's transaction ends: for what no row can be
    locked for yet. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def insert_once(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless a unique constraint holds one like it already; say whether it is new."""
    # Counted by what comes back: PostgreSQL's driver gives no row count for an INSERT that returns.
    key = inspect(model).primary_key
    fresh = _insert(session, model).values(**values).on_conflict_do_nothing().returning(*key)
    return session.execute(fresh).first() is not None


def insert_many(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> list[Any]:
    """The same of many rows by one statement; the primary keys of those that are new."""
    if not rows:
        return []
    (key,) = inspect(model).primary_key
    fresh = _insert(session, model).values(rows).on_conflict_do_nothing().returning(key)
    return list(session.scalars(fresh))


def _insert(session: Session, model: type[Base]) -> Any:
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(model) if on_postgresql else sqlite.insert(model)
