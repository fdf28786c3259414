"""Rows in one round trip, in no transaction: for what is asked often and only shown.

What is read so may be changed a moment later; nothing is decided from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from sqlalchemy import Row, Select
from sqlalchemy.exc import DBAPIError

from payments_app.core.extensions import db

_NAME = "reading"


def binds(options: Mapping[str, Any], url: str) -> dict[str, dict[str, Any]]:
    """Options for the engine of such reads: its connections begin nothing, and have nothing to
    take back. SQLite reads by the one that it has."""
    if url.startswith("sqlite"):
        return {}
    own = {"url": url, "isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    return {_NAME: {**options, **own, "pool_pre_ping": False}}


def prepare(app: Flask) -> None:
    """Keep the engine at hand; call it once with the application's context pushed."""
    app.extensions[_NAME] = db.engines.get(_NAME, db.engine)


def first(app: Flask, statement: Select[Any], values: Mapping[str, Any]) -> Row[Any] | None:
    """The first row, if there is one."""
    rows = every(app, statement, values)
    return rows[0] if rows else None


def every(
    app: Flask, statement: Select[Any], values: Mapping[str, Any] | None = None
) -> Sequence[Row[Any]]:
    """All rows. A connection may have died since it was used: then they are read again by a new
    one."""
    try:
        return _every(app, statement, values or {})
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _every(app, statement, values or {})


def _every(app: Flask, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    with app.extensions[_NAME].connect() as connection:
        rows: Sequence[Row[Any]] = connection.execute(statement, values).all()
        return rows
