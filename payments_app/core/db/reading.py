"""One row in one round trip, outside of any transaction: for what is asked often and only shown.

What is read so may be changed a moment later; nothing is decided from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import Row, Select

from payments_app.core.extensions import db


def prepare(app: Flask) -> None:
    """Share the engine's connections; call it once with the application's context pushed."""
    engine = db.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    app.extensions["reading"] = engine


def first(app: Flask, statement: Select[Any], values: Mapping[str, Any]) -> Row[Any] | None:
    """The first row, if there is one."""
    with app.extensions["reading"].connect() as connection:
        row: Row[Any] | None = connection.execute(statement, values).first()
        return row
