"""The database's clock as an expression: right on both dialects, and compiled once."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.extensions import db


@pytest.mark.dialect
@pytest.mark.parametrize("seconds", [0, -90.5, 86_400])
def test_the_clock_is_so_many_seconds_from_now(app: Flask, seconds: float) -> None:
    with app.app_context():
        told = db.session.scalars(select(database_now(seconds))).one()
    assert abs((told - utcnow()).total_seconds() - seconds) < 30
    assert told.tzinfo == dt.UTC


def test_statements_that_differ_in_the_seconds_alone_are_compiled_once() -> None:
    keys = [select(database_now(seconds))._generate_cache_key() for seconds in (1, 60, -86_400)]
    assert None not in keys
    assert [key == keys[0] for key in keys] == [True, True, True]
