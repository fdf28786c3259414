"""engine: how connections to the database are made, tested and used: PostgreSQL and SQLite."""

from __future__ import annotations

import json
import math
import time
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

from payments_app.core.db.text import storable
from payments_app.core.extensions import db
from payments_app.core.outages import DATABASE

# Of each connection, in milliseconds where they are times. A heavy customer's history is ten times
# slower by a generic plan; custom plans are cheap.
SETTINGS = {
    "statement_timeout": "15000",
    "lock_timeout": "5000",
    "TimeZone": "UTC",
    "plan_cache_mode": "force_custom_plan",
}
RESTED_SECONDS = 1.0  # a connection that was used since is not tested
_AUTOCOMMIT = {"isolation_level": "AUTOCOMMIT"}


def engine_options(database_url: str, threads: int, *, pooled: bool = False) -> dict[str, Any]:
    """Options for create_engine: more connections than threads, and short waits for one. `pooled`
    is behind PgBouncer, where the role has the settings (`role_settings.py`) and a statement that
    was prepared may meet another server."""
    if database_url.startswith("sqlite"):
        return {
            "connect_args": {"timeout": 15, "check_same_thread": False},
            "json_serializer": _storable_json,
        }
    settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    return {
        "json_serializer": _storable_json,
        "pool_size": threads + 5,
        "max_overflow": 5,
        "pool_timeout": 10,
        "pool_use_lifo": True,  # few are used, and have their statements prepared
        "pool_recycle": 1800,
        "connect_args": {
            "connect_timeout": 5,
            # A network that swallows packets must not hold a worker for a quarter of an hour.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,  # milliseconds
            **({"prepare_threshold": None} if pooled else {"options": settings}),
        },
    }


def prepare_engine(app: Flask) -> None:
    """Hook up what SQLite needs, and what keeps every text storable; call it once with the
    application's context pushed."""
    engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    else:
        event.listen(engine, "checkin", _on_checkin)
        event.listen(engine, "checkout", _on_checkout)
    event.listen(engine, "before_cursor_execute", _on_execute, retval=True)
    app.extensions["engine"] = engine
    # Of the same pool; made once, since each has compiled statements of its own.
    alone = {"writes": True} if engine.dialect.name == "sqlite" else _AUTOCOMMIT
    app.extensions["engine_at_once"] = engine.execution_options(**alone)
    app.teardown_appcontext(_close_session)


def _close_session(_error: BaseException | None) -> None:
    """End a request's reading before Flask-SQLAlchemy does, which would raise, after the answer,
    where the connection has died meanwhile."""
    if not db.session.registry.has():
        return
    try:
        db.session.close()  # not a rollback: what was read stays readable
    except DBAPIError as error:
        DATABASE.failed(error)
        db.session().invalidate()


def _storable_json(value: Any) -> str:
    return json.dumps(storable(value))


def _on_execute(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """The last line: no text from outside, on whatever way it came, ends a job or a request.
    JSON has its own, above: it is no text yet."""
    return statement, storable(parameters)


def _on_checkin(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
    """Test a connection that rested. Where it died the others did too, most likely: each is made
    anew."""
    DATABASE.answered()
    if time.monotonic() - record.info.get("rests_since", math.inf) < RESTED_SECONDS:
        return
    from psycopg import OperationalError  # SQLite does without

    try:
        connection.autocommit = True  # else a BEGIN is sent first
        connection.execute("")
        connection.autocommit = False
    except OperationalError as error:
        raise InvalidatePoolError from error


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
