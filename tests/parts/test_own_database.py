"""A test that left a failed message, or touched somebody else's row, is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import leases
from payments_app.core.jobs.command import Claim, Later
from payments_app.notices.models import Mail
from payments_app.orders.product_models import Product
from tests.own_database import OwnDatabase
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable
SAID = [("test.fails",)]


@pytest.fixture
def job_driver(app: Flask) -> Iterator[JobDriver]:
    with app.app_context():
        yield JobDriver(app)


@atomic
def execute(session: Session, statement: object) -> None:
    session.execute(statement)  # type: ignore[call-overload]


def complaints(database: OwnDatabase, *expected: tuple[str, ...]) -> list[str]:
    db.session.remove()
    return database.complaints(expected, bystanders=True)


@pytest.mark.expects_failure("test.fails")
def test_a_job_that_raised_is_told_of_unless_the_test_said_so(
    job_driver: JobDriver, own_database: OwnDatabase
) -> None:
    job_driver.job("test.fails", _fail, waits=(60,))
    job_driver.stage("test.fails")
    job_driver.work()
    told = "not said by expects_failure: test.fails of it raised: RuntimeError: the cause"
    assert complaints(own_database) == [told]
    assert complaints(own_database, ("test.moody",)) == [told]
    assert complaints(own_database, *SAID) == complaints(own_database, ()) == []


@pytest.mark.expects_failure("test.fails")
def test_a_job_that_raised_and_went_well_later_is_told_of_too(
    job_driver: JobDriver, own_database: OwnDatabase
) -> None:
    job_driver.job("test.fails", _fail, waits=(60,))
    job_driver.stage("test.fails")
    job_driver.work()
    job_driver.job("test.fails", lambda *_: None)
    job_driver.make_due()
    job_driver.work()
    assert job_driver.message("test.fails").done_at
    assert len(complaints(own_database)) == 1


@pytest.mark.expects_failure("test.fails")
def test_a_dead_letter_is_told_of(job_driver: JobDriver, own_database: OwnDatabase) -> None:
    job_driver.job("test.fails", _fail)
    job_driver.stage("test.fails")
    job_driver.work()
    assert complaints(own_database) == [
        "not said by expects_failure: test.fails of it died: RuntimeError: the cause"
    ]


@pytest.mark.expects_failure("test.crashes")
def test_a_worker_that_died_of_its_message_is_told_of(
    job_driver: JobDriver, own_database: OwnDatabase
) -> None:
    job_driver.job("test.crashes", lambda *_: None)
    job_driver.stage("test.crashes")
    leases.claim("default", 1)
    told = "test.crashes of it was claimed 1 times and never given back: None"
    assert complaints(own_database) == [f"not said by expects_failure: {told}"]


def test_a_driver_that_lets_a_job_fail_says_so(
    job_driver: JobDriver, own_database: OwnDatabase
) -> None:
    job_driver.dead_letter("test.fails")
    assert complaints(own_database) == []


def test_what_waits_is_done_or_was_put_off_in_order_is_not_told_of(
    job_driver: JobDriver, own_database: OwnDatabase
) -> None:
    job_driver.job("test.done", lambda *_: None)
    job_driver.job("test.later", _put_off)
    job_driver.stage("test.done")
    job_driver.stage("test.later")
    job_driver.work()
    job_driver.job("test.waits", lambda *_: None)
    job_driver.stage("test.waits")
    assert complaints(own_database) == []


def test_a_changed_and_a_missing_row_of_somebody_else_are_told_of(
    app_context: None, own_database: OwnDatabase
) -> None:
    execute(delete(Mail))
    execute(update(Product).values(stock=6))
    told = [f"somebody else's row was changed in {name}" for name in ("pay_mails", "pay_products")]
    assert sorted(complaints(own_database)) == told
    own_database.reset(bystanders=True)
    assert complaints(own_database) == []


def test_a_row_of_the_tests_own_is_nobodys_business_and_gone_in_the_next(
    app_context: None, own_database: OwnDatabase
) -> None:
    execute(text("INSERT INTO pay_sign_in_tries (account, tries) VALUES ('own', 1)"))
    assert complaints(own_database) == []
    own_database.reset(bystanders=True)
    assert own_database.query("SELECT count(*) FROM pay_sign_in_tries") == [(1,)]


@pytest.mark.alone
def test_where_a_test_is_alone_nobody_else_is_there(
    app_context: None, own_database: OwnDatabase
) -> None:
    assert own_database.tables
    for name in own_database.tables:
        assert own_database.query(f"SELECT count(*) FROM {name}") == [(0,)]


def test_the_counters_begin_anew_beside_the_bystanders(
    app_context: None, own_database: OwnDatabase
) -> None:
    _add_product()
    own_database.reset(bystanders=True)
    _add_product()
    assert db.session.scalar(select(func.min(Product.id))) == 1


@atomic
def _add_product(session: Session) -> None:
    session.add(Product(slug="own", name="Own", amount=1, currency="usd"))


def _put_off(_subject: str, _claim: Claim) -> None:
    raise Later(60, "not now")


def _fail(_subject: str, _claim: Claim) -> None:
    raise RuntimeError("the cause")
