"""What somebody who embeds it for the first time does wrong is said in words, with the command that
they have to type."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.orm import Session

from parts.app import Worker
from parts.postgres import create_database
from payments_app import Payments, not_ours
from payments_app.config import Config
from payments_app.core import restores
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.heartbeats import Heart
from payments_app.customers.find import customer_for
from payments_app.inbound import lost
from payments_app.ops.alert_kinds import KINDS
from payments_app.orders.models import Order
from payments_app.restore import commands as restore_commands

UPGRADE = "flask --app hotel payments db upgrade"


@pytest.fixture
def hotel(settings: dict[str, str]) -> Iterator[Flask]:
    host = Flask("hotel")
    payments = Payments(host, config=Config.from_env(settings))
    yield host
    with payments.app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def said(host: Flask, *words: str) -> str:
    return host.test_cli_runner().invoke(args=["payments", *words]).output


class TestTheCheckoutPath:
    def test_of_a_stored_row_is_below_the_prefix(self, hotel: Flask) -> None:
        stored = stored_order(hotel, f"ord_{secrets.token_hex(13)}")
        path = hotel.extensions["payments"].checkout_path(stored)
        assert path == f"/pay/checkout/{stored.id}"

    def test_of_a_row_that_is_not_stored_is_refused(self, hotel: Flask) -> None:
        for id_ in (None, f"ord_{secrets.token_hex(13)}"):
            with pytest.raises(ValueError, match="is not stored yet: commit it first"):
                hotel.extensions["payments"].checkout_path(Order(id=id_))

    @pytest.mark.parametrize("id_", ["ord_1", "other"])
    def test_of_a_row_with_another_kind_of_id_is_refused(self, hotel: Flask, id_: str) -> None:
        stored = stored_order(hotel, id_)
        with pytest.raises(ValueError, match="new_id"):
            hotel.extensions["payments"].checkout_path(stored)


def stored_order(hotel: Flask, id_: str) -> Order:
    """One with that id, as its host has read it from its session."""
    with hotel.extensions["payments"].app.app_context():
        return keep_order(id_)


@atomic
def keep_order(session: Session, id_: str) -> Order:
    customer = customer_for(session, f"{id_}@example.com")
    order = Order(id=id_, number=id_[:20], customer_id=customer.id, total=4200, currency="usd")
    session.add(order)
    session.flush()
    return order


class TestCommandsAreNamedAsTheHostTypesThem:
    @pytest.fixture
    def empty(self, settings: dict[str, str], postgres_url: str) -> dict[str, str]:
        return settings | {"DATABASE_URL": create_database(postgres_url, f"bare_{uuid4().hex}")}

    def test_without_tables(self, empty: dict[str, str]) -> None:
        host = Flask("hotel")
        Payments(host, config=Config.from_env(empty))
        assert f"run `{UPGRADE}`" in said(host, "staff", "list")
        assert f"run `{UPGRADE}`" in said(host, "doctor")
        assert "of revision 00" in said(host, "db", "upgrade")
        assert f"`{UPGRADE}`" not in said(host, "doctor")

    def test_to_a_worker_without_tables_once(self, empty: dict[str, str], tmp_path: Path) -> None:
        worker = Worker(tmp_path, empty, "charges")
        worker.launch()
        worker.wait()
        told = worker.log.read_text()
        assert told.count("run `flask --app wsgi db upgrade`. No worker starts without them") == 1
        assert "Traceback" not in told
        assert "does not answer" not in told

    def test_in_alerts_and_after_a_restore(self, hotel: Flask) -> None:
        with hotel.extensions["payments"].app.app_context():
            assert "flask --app hotel payments doctor" in KINDS["differs"].plain_step
            assert "flask --app hotel payments restore" in lost.as_typed_here(lost.RESTORE)
            closed = restore_commands.as_typed_here(restore_commands.CLOSED)
            assert "`flask --app hotel payments restore`" in closed
        assert "flask --app wsgi doctor" in KINDS["differs"].plain_step


@atomic
def close_shop(session: Session) -> None:
    restores.begin(session, utcnow(), "a test")


def test_the_doctor_says_that_the_shop_is_closed_and_what_a_new_database_needs(
    hotel: Flask,
) -> None:
    assert "WRONG  restore" not in said(hotel, "doctor")
    with hotel.extensions["payments"].app.app_context():
        close_shop()
    told = said(hotel, "doctor")
    assert "WRONG  restore: the shop is closed. Stripe knows payments" in told
    assert "Run `flask --app hotel payments restore`" in told
    assert "a new database needs another account's keys" in told


def hide_all(*_: Any) -> bool:
    return True


class TestMigrationsOfTheHost:
    @pytest.mark.parametrize("first", [True, False])
    def test_leave_our_tables_alone_wherever_its_migrate_stands(
        self, settings: dict[str, str], *, first: bool
    ) -> None:
        host = Flask("hotel")
        steps: list[Callable[[], Any]] = [
            lambda: Migrate().init_app(host),
            lambda: Payments(host, config=Config.from_env(settings)),
        ]
        for step in steps if first else reversed(steps):
            step()
        with host.app_context():
            assert host.extensions["migrate"].configure_args["include_name"] is not_ours

    def test_of_another_application_are_its_own(self, hotel: Flask) -> None:
        other = Flask("other")
        Migrate().init_app(other)
        with hotel.app_context(), other.app_context():
            assert "include_name" not in other.extensions["migrate"].configure_args

    def test_are_its_own_where_it_says_so_and_the_doctor_looks(self, hotel: Flask) -> None:
        Migrate().init_app(hotel, include_name=hide_all)
        with hotel.app_context():
            assert hotel.extensions["migrate"].configure_args["include_name"] is hide_all
        assert "WRONG  host" in said(hotel, "doctor")


def test_a_process_that_ends_as_it_was_told_is_named_no_more(hotel: Flask) -> None:
    with hotel.extensions["payments"].app.app_context():
        stays, ends = Heart("charges"), Heart("default")
        stays.beat()
        ends.beat()
        ends.end()
        db.session.remove()
    assert "ok     processes: 1 work" in said(hotel, "doctor")
