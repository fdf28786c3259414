"""The queues as they run: worker processes, a sweeper, a Redis that forgets everything."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bench.bulk_worker import know_bench_jobs
from bench.queues import BulkWorker
from parts.app import Sweeper
from parts.process import Process, running, wait_until
from parts.redis import Redis
from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Message
from payments_app.payments.models import Transaction
from tests.ops.receivers import Received, mail_server, web_server
from tests.payments.driver import PaymentDriver

# Alone: what the sweeper stages asks Stripe for the events of every merchant's account.
pytestmark = [pytest.mark.slow, pytest.mark.alone]
BULK = 2000
CHARGES = 30


@pytest.fixture
def mails() -> Iterator[Received]:
    with mail_server() as received:
        yield received


@pytest.fixture
def hooks() -> Iterator[Received]:
    with web_server() as received:
        yield received


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """Without persistence, and to be killed."""
    with Redis(tmp_path / "own-redis") as server:
        yield server


@pytest.fixture
def settings(
    settings: dict[str, str], own_redis: Redis, mails: Received, hooks: Received
) -> dict[str, str]:
    return settings | {
        "REDIS_URL": own_redis.url(),
        "SMTP_URL": mails.url,
        "ALERT_MAIL_TO": "ops@example.com",
        "ALERT_WEBHOOK_URL": hooks.url,
        "ALERT_WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
    }


@pytest.fixture
def workers(app: Flask, settings: dict[str, str], tmp_path: Path) -> Iterator[list[Process]]:
    """Of three queues, and the sweeper."""
    know_bench_jobs(app)
    queues = ("charges", "default", "reports")
    started: list[Process] = [BulkWorker(tmp_path, settings, queue) for queue in queues]
    started.append(Sweeper(tmp_path, settings))
    with running(*started):
        yield started


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


def test_charges_start_within_two_seconds_behind_slow_bulk_jobs(
    driver: PaymentDriver, workers: list[Process]
) -> None:
    _pile_up()
    warm = driver.open()  # the workers' start is not what is measured
    assert wait_until(lambda: bool(_waits([warm])), within=60)
    opened = []
    for _ in range(CHARGES):
        opened.append(driver.open())
        assert wait_until(lambda: len(_waits(opened)) == len(opened), within=60)
    assert max(_waits(opened)) < 2
    assert _bulk_waiting() > 0


def test_a_redis_that_is_killed_and_comes_back_empty_loses_nothing(
    driver: PaymentDriver, workers: list[Process], own_redis: Redis
) -> None:
    opened = [driver.open() for _ in range(5)]
    own_redis.kill()
    opened += [driver.open() for _ in range(5)]
    own_redis.start()

    def all_complete() -> bool:
        for worker in workers:
            if not worker.is_running():
                worker.start()
        return all(driver.read(transaction).state == "complete" for transaction in opened)

    assert wait_until(all_complete, within=60)


def test_a_critical_alert_is_told_within_five_seconds_without_redis(
    driver: PaymentDriver,
    workers: list[Process],
    own_redis: Redis,
    mails: Received,
    hooks: Received,
) -> None:
    assert wait_until(lambda: bool(_done("ops.watch")), within=60)
    own_redis.kill()
    mails.mails.clear()
    hooks.webhooks.clear()
    _raise_alert()

    def told() -> bool:
        return any("the books" in mail for mail in mails.mails) and any(
            b"the books" in body for _, body in hooks.webhooks
        )

    assert wait_until(told, within=60)


def _waits(opened: list[str]) -> list[float]:
    """Seconds from each commit to the moment that a worker began, of those begun."""
    db.session.rollback()
    rows = db.session.execute(
        select(Transaction.created_at, HistoryEntry.at)
        .join(HistoryEntry, HistoryEntry.transaction_id == Transaction.id)
        .where(Transaction.id.in_(opened), HistoryEntry.what == "payment.processing")
    )
    return [(begun - created).total_seconds() for created, begun in rows]


def _bulk_waiting() -> int:
    db.session.rollback()
    bulk = Message.command.in_(("bench.default", "bench.reports"))
    return db.session.scalar(select(func.count()).where(bulk, *outbox.OPEN)) or 0


def _done(command: str) -> list[int]:
    db.session.rollback()
    done = select(Message.id).where(Message.command == command, Message.done_at.is_not(None))
    return list(db.session.scalars(done))


@atomic
def _pile_up(session: Session) -> None:
    rows = [
        {
            "queue": queue,
            "command": f"bench.{queue}",
            "subject": str(number),
            "dedupe_key": f"{queue}{number}",
        }
        for queue in ("default", "reports")
        for number in range(BULK // 2)
    ]
    session.execute(insert(Message), rows)


@atomic
def _raise_alert(session: Session) -> None:
    alerts.raise_alert(session, "test", "books", "the books differ", severity="critical")
