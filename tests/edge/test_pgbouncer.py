"""Behind PgBouncer, in both of its modes: payments are taken, and time-outs are the role's own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from parts.app import REPOSITORY
from parts.pgbouncer import PgBouncer
from parts.postgres import Postgres, create_database, libpq
from parts.schema import migrate
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.db.engine import SETTINGS
from payments_app.core.db.role_settings import RoleSettingsError, check_role_settings
from payments_app.core.extensions import db
from payments_app.core.jobs.runner import run_due_messages
from tests.payments.driver import PaymentDriver

# By mode, how many connections go on to the server: in session mode each of ours takes one.
MODES = {"session": 40, "transaction": 3}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own: roles belong to a whole server."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def installed(server: Postgres) -> str:
    """The name of a database as an installation makes it."""
    create_database(server.url(), "payments")
    roles = str(REPOSITORY / "deploy" / "roles.sql")
    words = ["psql", "-Xq", libpq(server.url()), "-v", "database=payments", "-f", roles]
    subprocess.run(words, check=True, capture_output=True)
    migrate(re.sub(r"//\w+@", "//payments_owner@", server.url("payments")))
    return "payments"


@pytest.fixture(params=MODES)
def bouncer(
    server: Postgres, installed: str, request: pytest.FixtureRequest
) -> Iterator[PgBouncer]:
    with PgBouncer(server, request.param, size=MODES[request.param]) as bouncer:
        yield bouncer


@pytest.fixture
def settings(settings: dict[str, str], bouncer: PgBouncer, installed: str) -> dict[str, str]:
    return settings | {"DATABASE_URL": bouncer.url(installed), "DATABASE_POOLED": "1"}


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def test_payments_are_taken_by_many_threads_over_few_connections(
    app: Flask, driver: PaymentDriver
) -> None:
    order = driver.create_order
    opened = [driver.open(order=order()) for _ in range(12)]
    db.session.remove()
    run_due_messages("charges", 8)
    assert [driver.read(each).state for each in opened] == ["complete"] * 12


def test_pages_are_read_by_many_at_once(app: Flask, driver: PaymentDriver) -> None:
    paid = driver.pay()
    db.session.remove()

    def ask(_number: int) -> int:
        page = app.test_client().get(f"/transactions/{paid}", headers={"Accept": "*/*"})
        return page.status_code

    with ThreadPoolExecutor(6) as many:
        assert set(many.map(ask, range(60))) == {200}


def test_the_role_s_time_outs_and_plan_mode_are_read_back_through_it(driver: PaymentDriver) -> None:
    check_role_settings()
    rows = db.session.execute(db.text("SELECT name, setting FROM pg_settings")).all()
    found = {row.name: row.setting for row in rows}
    assert {name: found[name] for name in SETTINGS} == SETTINGS
    db.session.rollback()


def test_a_stuck_statement_ends_by_the_role_s_time_out(
    server: Postgres, installed: str, driver: PaymentDriver
) -> None:
    with server.connect(installed) as owner:
        owner.execute("ALTER ROLE payments_app SET statement_timeout = '200ms'")
        try:
            fresh(server, installed)
            with pytest.raises(RoleSettingsError, match="statement_timeout is 200, not 15000"):
                check_role_settings()
            with pytest.raises(OperationalError, match="statement timeout"):
                db.session.execute(db.text("SELECT pg_sleep(10)"))
        finally:
            owner.execute("ALTER ROLE payments_app SET statement_timeout = '15s'")
            db.session.remove()
            fresh(server, installed)


def fresh(server: Postgres, database: str) -> None:
    """Every connection of PgBouncer's to the server is made anew."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()
    with server.connect(database) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'payments_app'"
        )


def test_without_the_setting_pgbouncer_refuses_the_connection(
    settings: dict[str, str],
) -> None:
    app = create_app(Config.from_env(settings | {"DATABASE_POOLED": ""}))
    with app.app_context():
        with pytest.raises(OperationalError, match="options"):
            db.session.execute(db.text("SELECT 1"))
        db.session.remove()
