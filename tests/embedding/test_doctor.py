"""`flask --app host payments doctor` looks at the application that we are part of as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from flask_migrate import Migrate

from payments_app import Payments, not_ours
from payments_app.config import Config
from payments_app.core.extensions import db
from payments_app.core.jobs.heartbeats import Heart

Mount = Callable[[Flask], Payments]


@pytest.fixture
def mount(settings: dict[str, str]) -> Iterator[Mount]:
    """Mounts the product on a host, one of whose processes works."""
    with ExitStack() as stack:

        def mounted(host: Flask) -> Payments:
            payments = Payments(host, config=Config.from_env(settings))
            with payments.app.app_context():
                Heart("charges").beat()
                db.session.remove()
            stack.callback(end, payments.app)
            return payments

        yield mounted


def end(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def lines(host: Flask) -> tuple[int, list[str]]:
    """What the doctor says, by its lines without their details, and how it ends."""
    said = host.test_cli_runner().invoke(args=["payments", "doctor"])
    return said.exit_code, [line.partition(":")[0] for line in said.output.splitlines()]


def answered(how: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """A WSGI application that answers all by itself."""

    def answer(_environ: Any, start: Any) -> Any:
        return how(start)

    return answer


ALL = ["ok     database", "ok     processes", "ok     host", "ok     prefix"]


def test_all_is_well(mount: Mount) -> None:
    host = Flask("host")
    Migrate().init_app(host)
    mount(host)
    assert lines(host) == (0, ALL)


def test_a_host_without_migrations_is_well_too(mount: Mount) -> None:
    host = Flask("host")
    mount(host)
    assert lines(host) == (0, ALL)


@pytest.mark.parametrize("named", [False, True])
def test_migrations_that_would_drop_our_tables_are_named(mount: Mount, *, named: bool) -> None:
    host = Flask("host")
    mount(host)
    Migrate().init_app(host, include_name=not_ours if named else lambda *_: True)
    wrong = [*ALL[:2], "WRONG  host", *ALL[3:]]
    assert lines(host) == ((0, ALL) if named else (1, wrong))


def test_a_prefix_that_somebody_else_answers_is_named(mount: Mount) -> None:
    host = Flask("host")
    mount(host)

    def nothing(start: Any) -> list[bytes]:
        start("404 NOT FOUND", [("Content-Type", "text/plain")])
        return [b"Nothing is here."]

    host.wsgi_app = answered(nothing)  # type: ignore[method-assign]
    assert lines(host) == (1, [*ALL[:3], "WRONG  prefix"])
