"""One row in one round trip, in no transaction: for what is asked often and only shown.

What is read so may be changed a moment later; nothing is decided from it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """The first row, if there is one. A connection may have died since it was used: then it is
    read again by a new one."""
    try:
        return _first(app, statement, values)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _first(app, statement, values)


def _first(app: Flask, statement: Select[Any], values: Mapping[str, Any]) -> Row[Any] | None:
    with app.extensions[_NAME].connect() as connection:
        row: Row[Any] | None = connection.execute(statement, values).first()
        return row
