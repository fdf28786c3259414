"""Column types that mean the same on PostgreSQL and SQLite."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from operator import eq, ne
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

# SQLite counts rows only in a column declared INTEGER.
BIGINT = BigInteger().with_variant(Integer, "sqlite")
JSON_TYPE = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class EmptyKeyError(LookupError):
    """Something was looked up by a key that is missing."""


class _KeyComparator(String.Comparator[str]):
    def operate(self, op: Callable[..., Any], *other: Any, **kwargs: Any) -> Any:
        key = other[0] if other and op in (eq, ne) else True
        if key is None:
            raise EmptyKeyError("nothing is looked up by no key: ask is_(None) for a NULL")
        if isinstance(key, str) and not key and op is eq:
            return false()
        return super().operate(op, *other, **kwargs)


class Key(String):
    """A string that rows are looked up by, such as an id at Stripe, in a column that may be NULL.

    SQLAlchemy writes `column == None` as IS NULL: a key that is missing would find the row of a
    stranger who has none. Here such a comparison raises EmptyKeyError. "" is nobody's key.
    """

    comparator_factory = _KeyComparator


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
