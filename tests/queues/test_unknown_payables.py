"""What only another application knows waits for it: the stock processes neither charge it nor do
what follows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import Session

from parts.app import REPOSITORY, Sweeper, Worker
from parts.process import Process, wait_until
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Message
from payments_app.ledger.models import Journal
from payments_app.notices.models import Mail
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
STOCK = ("charges", "payment_critical", "payment_standard")


class Host:
    """The application that knows bookings, as processes of its own."""

    def __init__(self, settings: dict[str, str], directory: Path) -> None:
        self.env = os.environ | settings
        self.directory = directory

    def open(self, *, subscribed: bool = True) -> tuple[str, str]:
        """A booking and its payment. Not `subscribed`: this process of it knows the payable, and
        not what follows."""
        done = subprocess.run(
            self._command("open" if subscribed else "open-plain"),
            env=self.env,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        booking, transaction = done.stdout.split()
        return booking, transaction

    def worker(self, queue: str) -> Worker:
        worker = Worker(self.directory, self.env, queue)
        worker.command = self._command("work", queue)
        return worker

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.queues.booking_host", *words]


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def host(driver: PaymentDriver, settings: dict[str, str], tmp_path: Path) -> Iterator[Host]:
    yield Host(settings, tmp_path)
    db.session.rollback()
    db.session.execute(text("DROP TABLE IF EXISTS bookings"))
    db.session.commit()


@pytest.fixture
def stock(settings: dict[str, str], tmp_path: Path) -> Iterator[list[Process]]:
    """The product's own workers and sweeper, which never heard of bookings."""
    with ExitStack() as running:
        started: list[Process] = [Worker(tmp_path, settings, queue) for queue in STOCK]
        started.append(Sweeper(tmp_path, settings))
        for process in started:
            running.enter_context(process)
        yield started


def test_what_a_process_does_not_know_waits_for_one_that_does(
    host: Host, driver: PaymentDriver, stock: list[Process]
) -> None:
    bookings, paid = zip(host.open(), host.open(subscribed=False), strict=True)
    order = driver.create_order()
    both = [*paid, driver.open(order=order)]

    # Nothing of ours waits, and nothing is charged for what is not known.
    assert wait_until(lambda: driver.order(order).status == "paid", within=60)
    assert [driver.read(one).phase for one in paid] == ["created", "created"]
    assert len(driver.intents()) == 1

    # An application that knows it charges: all are posted and receipted.
    with host.worker("charges"):
        states = {"complete"}
        assert wait_until(lambda: {driver.read(one).state for one in both} == states, within=60)
    assert wait_until(lambda: all(_posted(one) for one in both), within=60)
    assert wait_until(lambda: [_receipts(one) for one in both] == [1, 1, 1], within=60)

    # What was not known waits untouched, and somebody is told once.
    waiting = [message for one in paid for message in _waiting(one)]
    assert {message.subject for message in waiting} == set(paid)
    assert {(m.claims, m.tries, m.failures, m.leased_until) for m in waiting} == {(0, 0, 0, None)}
    _wait_already(3600)
    keys = sorted({f"unknown_command:{message.command}" for message in waiting})
    assert wait_until(lambda: _alerts() == keys, within=60)
    assert [_counted(booking) for booking in bookings] == [(0, 0), (0, 0)]

    # It delivers once.
    with host.worker("payment_standard"):
        assert wait_until(lambda: {_counted(booking) for booking in bookings} == {(1, 1)}, 60)
        assert wait_until(lambda: not any(_waiting(one) for one in both), within=60)
    assert {_counted(booking) for booking in bookings} == {(1, 1)}
    assert ([_receipts(one) for one in both], driver.order(order).status) == ([1, 1, 1], "paid")


def _counted(booking: str) -> tuple[int, int]:
    """How often it was confirmed by a subscriber, and followed its payment itself; this process
    does not know the table either."""
    db.session.rollback()
    found = text("SELECT confirmed, followed FROM bookings WHERE id = :id")
    return tuple(db.session.execute(found, {"id": booking}).one())


def _posted(transaction: str) -> int:
    db.session.rollback()
    return _count(select(func.count()).where(Journal.transaction_id == transaction))


def _receipts(transaction: str) -> int:
    db.session.rollback()
    mine = Mail.transaction_id == transaction
    return _count(select(func.count()).where(mine, Mail.kind == "receipt"))


def _count(query: Select[tuple[int]]) -> int:
    return db.session.scalar(query) or 0


def _waiting(transaction: str) -> list[Message]:
    """What is due for it and unknown to the product."""
    db.session.rollback()
    known = outbox.commands()
    query = select(Message).where(Message.subject == transaction, *outbox.OPEN)
    return [message for message in db.session.scalars(query) if message.command not in known]


def _alerts() -> list[str]:
    db.session.rollback()
    told = select(Alert.key).where(Alert.kind == "unknown_command", Alert.times == 1)
    return sorted(db.session.scalars(told))


@atomic
def _wait_already(session: Session, seconds: float) -> None:
    """As if what waits had waited for so long."""
    unknown = Message.command.not_in(list(outbox.commands()))
    session.execute(
        update(Message).where(unknown, *outbox.OPEN).values(available_at=database_now(-seconds))
    )
