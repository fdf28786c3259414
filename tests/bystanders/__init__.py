"""Somebody else's rows, which lie in the database of every test and must stay as they are.

A second customer with a saved card, a subscription whose bill failed and will be tried again, an
order, a download, a refund and a dispute; the merchant who sold the order; a staff member. Nothing
of theirs is due while a test runs.
"""

from __future__ import annotations

import functools
from typing import Any

from sqlalchemy import ColumnElement, Integer, create_engine, insert, inspect, text
from sqlalchemy.pool import NullPool

from tests.bystanders.ids import Rows


def own(model: Any) -> ColumnElement[bool]:
    """The condition of a test's own rows: those that are no bystander's."""
    key = inspect(model).primary_key[0]
    if isinstance(key.type, Integer):
        # SQLite counts on from the highest, so that a test's own rows may stand above theirs.
        return key.not_in(_numbers(model))  # type: ignore[no-any-return]
    return key.not_like("%bystander%")  # type: ignore[no-any-return]


@functools.cache
def _numbers(model: Any) -> list[int]:
    """The counted keys of their rows of a model."""
    name = inspect(model).primary_key[0].name
    return [row[name] for each, rows in _all_rows() if each is model for row in rows]


def _all_rows() -> Rows:
    from tests.bystanders import payments, people, sold  # the models, once somebody needs them

    return [*people.people(), *sold.sold(), *payments.all_of_payments()]


def add_bystanders(database_url: str) -> None:
    """Insert them, without the triggers that would count or refuse their rows."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for model, rows in _all_rows():
            for row in rows:
                connection.execute(insert(model).values(row))
        if engine.dialect.name == "sqlite":  # its triggers can't be put aside
            connection.execute(text("DELETE FROM pay_payment_deltas"))
