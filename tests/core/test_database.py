"""Sessions and connections that die under them."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from parts.postgres import libpq
from payments_app.core.extensions import db


def test_a_connection_that_died_ends_its_request_calmly(
    app: Flask, database_kind: str, database_url: str
) -> None:
    if database_kind != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    with app.app_context():
        backend = db.session.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(libpq(database_url), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1
