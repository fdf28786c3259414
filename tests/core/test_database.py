"""Sessions and connections that die under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bench.round_trips import counted
from parts.postgres import Postgres, libpq
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.db import engine
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db


@dataclass
class Steps:
    """Steps of an application; each kills so many of its own connections, before its COMMIT."""

    app: Flask
    url: str
    kills: int = 0
    backends: list[int] = field(default_factory=list)

    def run(self) -> None:
        @atomic
        def step(session: Session) -> None:
            self.backends.append(session.scalar(text("SELECT pg_backend_pid()")) or 0)
            if self.kills:
                self.kills -= 1
                self.kill_last()
            session.execute(text("SELECT 2"))

        with self.app.app_context():
            step()

    def kill_last(self) -> None:
        with psycopg.connect(libpq(self.url), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (self.backends[-1],))


@pytest.fixture
def steps(app: Flask, database_kind: str, database_url: str) -> Steps:
    if database_kind != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    with app.app_context():
        db.engine.dispose()  # other tests' connections
    return Steps(app, database_url)


def test_a_connection_that_died_ends_its_request_calmly(steps: Steps) -> None:
    with steps.app.app_context():
        steps.backends.append(db.session.scalar(text("SELECT pg_backend_pid()")) or 0)
        steps.kill_last()
    with steps.app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1


def test_a_step_whose_connection_died_before_it_is_run_again(steps: Steps) -> None:
    steps.run()
    steps.kill_last()
    steps.run()
    first, again = steps.backends[0], steps.backends[-1]
    assert first != again


def test_a_step_whose_connection_dies_in_it_is_run_again_once(steps: Steps) -> None:
    steps.kills = 1
    steps.run()
    assert len(steps.backends) == 2
    steps.kills = 2
    with pytest.raises(DBAPIError):
        steps.run()
    assert len(steps.backends) == 4
    steps.run()


def test_what_was_read_before_on_a_connection_that_died_stops_no_step(steps: Steps) -> None:
    with steps.app.app_context():
        steps.backends.append(db.session.scalar(text("SELECT pg_backend_pid()")) or 0)
        steps.kill_last()
        steps.run()
    assert len(steps.backends) == 2


def test_a_connection_is_tested_only_after_it_rested(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.run()
    with counted() as sent:
        steps.run()
    assert len(sent) == 4  # BEGIN, two statements, COMMIT
    monkeypatch.setattr(engine, "RESTED_SECONDS", 0)
    steps.kill_last()
    with counted() as sent:
        steps.run()
    assert sent[0] == ""
    assert len(steps.backends) == 3  # not run again: what had died was not used


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


def test_steps_go_on_after_the_database_was_restarted(
    own_server: Postgres, settings: dict[str, str]
) -> None:
    url = own_server.url()
    app = create_app(Config.from_env(settings | {"DATABASE_URL": url}))
    steps = Steps(app, url)
    for _ in range(2):
        steps.run()
        own_server.restart()
        steps.run()
    with app.app_context():
        db.engine.dispose()
