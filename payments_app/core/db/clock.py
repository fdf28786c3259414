"""Two clocks: this process's, for display, and the database's, for every lease and deadline."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Float, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from payments_app.core.db.columns import UTCDateTime


def utcnow() -> dt.datetime:
    """Now by this process's clock. Never compared with a lease: workers' clocks differ."""
    return dt.datetime.now(dt.UTC)


def rfc3339(moment: dt.datetime) -> str:
    """An aware moment as every answer, event and webhook writes it: in UTC by RFC 3339, such as
    2030-01-31T12:00:00.123456Z. A whole second has no fraction, as pydantic writes it too."""
    return moment.astimezone(dt.UTC).isoformat().removesuffix("+00:00") + "Z"


def in_zone(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """An aware moment as the clocks of `zone` show it; where that is beyond the calendar (a stored
    time may be of the year 1 or 9999), as UTC's do."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(dt.UTC)


def day_bounds(day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of a day, and that of the next: 23 or 25 hours apart twice a year."""
    return (
        dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC),
        dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC),
    )


@functools.lru_cache(maxsize=64)
def known_zone(name: str) -> ZoneInfo | None:
    """The zone of this name; None of what is none. A name may be anybody's to set: ZoneInfo refuses
    paths, and a malformed key is no zone."""
    try:
        return ZoneInfo(name) if name and len(name) < 64 else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


class database_now(FunctionElement[dt.datetime]):
    """The database's clock, `seconds` from now, as an SQL expression.

    The seconds are a bound value, so that a statement is compiled once however many there are. A
    column's default has none: DDL takes no bound values.
    """

    type = UTCDateTime()
    inherit_cache = True

    def __init__(self, seconds: float | ColumnElement[float] = 0) -> None:
        if isinstance(seconds, ColumnElement):
            super().__init__(seconds)
        else:
            super().__init__(*([bindparam(None, float(seconds), Float)] if seconds else []))


@compiles(database_now, "postgresql")
def _on_postgresql(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    # now() is the transaction's start; a long transaction would lease into the past.
    seconds = compiler.process(element.clauses, **kw) or "0.000"
    return f"(clock_timestamp() + make_interval(secs => {seconds}))"


class statement_start(database_now):
    """The same as the statement began: for conditions on an index. What runs on while a statement
    is carried out, no index can be asked for: each row would be read and compared."""

    inherit_cache = True


@compiles(statement_start, "postgresql")
def _of_statement(element: statement_start, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw) or "0.000"
    return f"(statement_timestamp() + make_interval(secs => {seconds}))"


@compiles(statement_start, "sqlite")
@compiles(database_now, "sqlite")
def _on_sqlite(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    # The same shape that SQLAlchemy stores, so that the two compare as text.
    seconds = compiler.process(element.clauses, **kw)
    modifier = f"printf('%+.3f seconds', {seconds})" if seconds else "'+0.000 seconds'"
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {modifier}) || '000')"
