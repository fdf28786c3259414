"""The tables: up, down, and what the models say."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parts.postgres import create_database

FlaskDb = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = [pytest.mark.portable, pytest.mark.dialect]


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


def test_only_a_migration_loads_alembic(settings: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, wsgi; print('alembic' in sys.modules)"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
