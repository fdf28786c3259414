"""The tables: up, down, and what the models say."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from parts.postgres import create_database

FlaskDb = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.portable


@pytest.fixture
def empty(settings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of this test's own."""
    if settings["DATABASE_URL"].startswith("sqlite"):
        return f"sqlite:///{tmp_path}/empty.sqlite3"
    server = request.getfixturevalue("postgres_url")
    return create_database(server, f"empty_{secrets.token_hex(6)}", "template0")


@pytest.fixture
def flask_db(settings: dict[str, str], empty: str) -> FlaskDb:
    """`flask db ...` on the empty database."""
    environment = {**os.environ, **settings, "DATABASE_URL": empty}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "db", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_tables_go_up_and_down_and_up_again(flask_db: FlaskDb) -> None:
    for words in (["upgrade"], ["downgrade", "base"], ["upgrade"]):
        done = flask_db(*words)
        assert done.returncode == 0, done.stderr


def test_the_migrations_make_what_the_models_say(flask_db: FlaskDb) -> None:
    flask_db("upgrade")
    done = flask_db("check")
    assert "No new upgrade operations" in done.stdout, done.stdout + done.stderr


# What a payment of 2500 says, and what was received by it then; None: all of it, as it always was.
RECEIVED = {
    "whole": ("complete", {"amount_received": 2500}, 2500),
    "part": ("complete", {"amount_received": 1500}, 1500),
    "released": ("complete", {"amount_received": 1500}, None),  # the rest is booked as a refund
    "more": ("complete", {"amount_received": 2501}, None),
    "nothing": ("complete", {"amount_received": 0}, None),
    "null": ("complete", {"amount_received": None}, None),
    "words": ("complete", {"amount_received": "1500"}, None),
    "half": ("complete", {"amount_received": 1500.5}, None),
    "huge": ("complete", {"amount_received": 10**30}, None),
    "silent": ("complete", {"type": "zero_amount"}, None),
    "list": ("complete", ["amount_received"], None),
    "empty": ("complete", None, None),
    "failed": ("failed", {"amount_received": 1500}, None),
}


def _pay(engine: Engine) -> None:
    """Payments as the release before kept them."""
    statement = text(
        "INSERT INTO transactions (id, state, phase, version, attempt, amount, currency, email,"
        " description, off_session, livemode, created_at, stripe_data) VALUES (:id, :state, :state,"
        " 1, 1, 2500, 'usd', 'ada@example.com', '', false, false, '2026-11-22 00:00:00', :data)"
    )
    with engine.begin() as connection:
        for id_, (state, data, _) in RECEIVED.items():
            given = {"id": id_, "state": state, "data": None if data is None else json.dumps(data)}
            connection.execute(statement, given)
        connection.execute(
            text(
                "INSERT INTO refunds (id, transaction_id, state, version, amount, currency, reason,"
                " requested_by) VALUES ('rfd', 'released', 'succeeded', 1, 1000, 'usd', 'x',"
                " 'stripe')"
            )
        )


@pytest.mark.timeout(300)
def test_what_was_received_is_read_from_what_stripe_answered(flask_db: FlaskDb, empty: str) -> None:
    assert flask_db("upgrade", "0851").returncode == 0
    engine = create_engine(empty.replace("postgresql://", "postgresql+psycopg://"))
    _pay(engine)
    done = flask_db("upgrade")
    assert done.returncode == 0, done.stderr
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT id, amount_received FROM transactions"))
        assert {row.id: row.amount_received for row in kept} == {
            id_: received for id_, (*_, received) in RECEIVED.items()
        }
        counted = "SELECT sum(amount) FROM payment_deltas WHERE state = 'complete'"
        paid = [r or 2500 for state, _, r in RECEIVED.values() if state == "complete"]
        assert connection.execute(text(counted)).scalar_one() == sum(paid)
    engine.dispose()
    for words in (["downgrade", "0851"], ["upgrade"]):
        done = flask_db(*words)
        assert done.returncode == 0, done.stderr
