"""What is wrong ends on staff's pages within 30 seconds, on real processes, though nobody buys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from parts.app import Worker
from parts.process import wait_until
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.gateway import breaker, look
from payments_app.ops import incident
from payments_app.payments.models import Transaction
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(120)]
# A page that is open asks each 5 seconds, and a process measures each 2: see `incident.py`.
WITHIN = 30 - 5 - incident.MEASURED_EVERY


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def start(settings: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Start processes of the product."""
    with ExitStack() as running:

        def start(*queues: str) -> None:
            for queue in queues:
                running.enter_context(Worker(tmp_path, settings, queue))

        yield start


@atomic
def kind(session: Session) -> str | None:
    found = incident.measure(session)
    return found.kind if found is not None else None


@atomic
def _wait_since(session: Session, transaction_id: str, seconds: float) -> None:
    """It has waited in its phase for so long already, and its next try is a minute away."""
    session.execute(
        update(Transaction)
        .where(Transaction.id == transaction_id)
        .values(phase_at=database_now(-seconds))
    )
    session.execute(
        update(Message)
        .where(Message.subject == transaction_id, Message.done_at.is_(None))
        .values(available_at=database_now(60), leased_until=None)
    )


def ends_in_time(what: str) -> bool:
    """Queues whose workers no test starts may be late."""
    return wait_until(lambda: kind() != what, within=WITHIN)


def is_paid(driver: PaymentDriver, transaction_id: str) -> bool:
    return wait_until(lambda: driver.read(transaction_id).state == "complete", within=10)


def fail_calls(count: int = breaker.FAILURES) -> None:
    for _ in range(count):
        look.read_balance()


def test_stripe_that_was_away_is_seen_to_be_back_though_nobody_buys(
    driver: PaymentDriver, start: Callable[..., None]
) -> None:
    paid = driver.pay()
    driver.fail_stripe("drop_before", times=None)
    fail_calls()
    assert kind() == incident.DOWN
    start("sweeper")
    driver.mend_stripe()
    assert ends_in_time(incident.DOWN)
    assert driver.read(paid).state == "complete"


def test_a_stripe_that_hung_is_seen_to_be_back(
    driver: PaymentDriver, start: Callable[..., None]
) -> None:
    for _ in range(breaker.FAILURES):
        breaker.report(reached=False)
    driver.fail_stripe("hang", times=1, ms=20_000)
    assert kind() == incident.DOWN
    start("sweeper")
    assert ends_in_time(incident.DOWN)


def test_who_waited_for_a_stripe_that_was_away_is_charged_as_it_is_back(
    driver: PaymentDriver, start: Callable[..., None]
) -> None:
    driver.fail_stripe("drop_before", times=None)
    fail_calls()
    waits = driver.pay()
    _wait_since(waits, 60)
    start("sweeper", "charges")
    driver.mend_stripe()
    assert ends_in_time(incident.DOWN)
    assert is_paid(driver, waits)
    assert len(driver.intents()) == 1


@pytest.mark.parametrize(
    ("fault", "path", "is_wrong"),
    [
        ("unauthorized", "", incident.REFUSES),
        ("html_502", "", incident.ERRORS),
        ("html_502", "/confirm$", incident.ERRORS),
    ],
)
def test_a_payment_that_waits_a_minute_is_tried_as_soon_as_stripe_takes_it(
    driver: PaymentDriver, start: Callable[..., None], fault: str, path: str, is_wrong: str
) -> None:
    paid = driver.pay()
    driver.fail_stripe(fault, path, times=None)
    waiting = [driver.pay(email=f"{name}@x.co") for name in "bcd"]
    for waits in waiting:
        _wait_since(waits, 60)
    assert kind() == is_wrong
    start("sweeper", "charges")
    driver.mend_stripe()
    assert ends_in_time(is_wrong)
    assert all(is_paid(driver, id_) for id_ in (paid, *waiting))
    assert len(driver.intents()) == 4


def test_a_queue_is_in_time_again_as_its_worker_is_back(
    driver: PaymentDriver, start: Callable[..., None]
) -> None:
    waits = driver.open()
    _late(waits, 60)
    assert kind() == incident.LATE
    start("charges")
    assert ends_in_time(incident.LATE)
    assert is_paid(driver, waits)


@atomic
def _late(session: Session, transaction_id: str, seconds: float) -> None:
    late = update(Message).where(Message.subject == transaction_id)
    session.execute(late.values(available_at=database_now(-seconds)))
