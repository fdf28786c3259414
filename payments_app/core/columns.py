"""Column types that mean the same on PostgreSQL and SQLite."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

# SQLite counts rows only in a column declared INTEGER.
BIGINT = BigInteger().with_variant(Integer, "sqlite")
JSON_TYPE = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def as_object(value: Any) -> dict[str, Any]:
    """What a JSON column holds, where an object is expected: itself, nothing of null, and anything
    else under the one name `unreadable`."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"unreadable": value}


class UTCDateTime(TypeDecorator[dt.datetime]):
    """An aware UTC datetime. Naive ones are refused: they would be somebody's local time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        stored: dt.datetime = value
        return stored.replace(tzinfo=dt.UTC) if stored.tzinfo is None else stored.astimezone(dt.UTC)
