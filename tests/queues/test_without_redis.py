"""Redis only wakes: a worker outlives it, and begins payments by itself while it is dead, frozen or
full. It is one process that stays."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from parts.app import Worker
from parts.process import wait_until
from parts.redis import Redis
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.counters import JobCounters
from payments_app.payments.models import Transaction
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.slow, pytest.mark.alone]
PAYMENTS = 5


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """To be killed, frozen and filled."""
    with Redis(tmp_path / "own-redis") as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, str], own_redis: Redis) -> dict[str, str]:
    return settings | {"REDIS_URL": own_redis.url()}


@pytest.fixture
def worker(app: Flask, settings: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    with Worker(tmp_path, settings, "charges") as worker:
        yield worker


class Shop:
    """Buyers, one after the other, and how they were served."""

    def __init__(self, app: Flask) -> None:
        self._driver = PaymentDriver(app)

    def wait(self, payments: int = PAYMENTS) -> float:
        """The median of the seconds from each payment's commit until a worker began it. Each is
        complete before the next comes."""
        opened = []
        for _ in range(payments):
            opened.append(self._driver.open())
            assert wait_until(lambda: self._driver.read(opened[-1]).state == "complete", within=60)
        return statistics.median(_waits(opened))

    def started(self, by: str) -> int:
        """How many charges were begun by a job, or by a look."""
        db.session.rollback()
        column = getattr(JobCounters, f"by_{by}")
        return db.session.scalar(select(column).where(JobCounters.command == "charge")) or 0


@pytest.fixture
def shop(app: Flask, worker: Worker) -> Iterator[Shop]:
    """Where the first payment was made already: a worker's start is not what is measured."""
    with app.app_context():
        shop = Shop(app)
        shop.wait(1)
        yield shop


def _waits(opened: list[str]) -> list[float]:
    db.session.rollback()
    rows = db.session.execute(
        select(Transaction.created_at, HistoryEntry.at)
        .join(HistoryEntry, HistoryEntry.transaction_id == Transaction.id)
        .where(Transaction.id.in_(opened), HistoryEntry.what == "payment.processing")
    )
    return [(begun - created).total_seconds() for created, begun in rows]


def _goes_on_by_jobs(shop: Shop) -> bool:
    before = shop.started("job")
    shop.wait(1)
    return wait_until(lambda: shop.started("job") > before, within=2)


def test_with_redis_well_charges_begin_in_the_jobs_that_wake_the_worker(shop: Shop) -> None:
    assert wait_until(lambda: shop.started("job") + shop.started("look") == 1, within=60)
    jobs = shop.started("job")
    shop.wait()
    assert wait_until(lambda: shop.started("job") == jobs + PAYMENTS, within=60)


def test_a_worker_forks_nothing_and_keeps_its_connections(shop: Shop, worker: Worker) -> None:
    def sockets() -> set[str]:
        links = Path(f"/proc/{worker.pid}/fd").iterdir()
        return {name for link in links if (name := str(link.readlink())).startswith("socket:")}

    before = sockets()
    shop.wait()
    assert before <= sockets()
    assert Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text() == ""


def test_payments_begin_within_two_seconds_while_redis_is_dead(
    shop: Shop, worker: Worker, own_redis: Redis
) -> None:
    own_redis.kill()
    pid = worker.pid
    assert shop.wait() < 2
    own_redis.start()
    assert wait_until(lambda: _goes_on_by_jobs(shop), within=60)
    assert (worker.is_running(), worker.pid) == (True, pid)


def test_payments_begin_within_two_seconds_while_redis_is_frozen(
    shop: Shop, worker: Worker, own_redis: Redis
) -> None:
    own_redis.freeze()
    assert shop.wait() < 2
    own_redis.resume()
    assert wait_until(lambda: _goes_on_by_jobs(shop), within=60)
    assert worker.is_running()


def test_payments_begin_within_two_seconds_while_redis_is_full(
    shop: Shop, worker: Worker, own_redis: Redis
) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)
        assert shop.wait() < 2
        client.config_set("maxmemory", 0)
    assert wait_until(lambda: _goes_on_by_jobs(shop), within=60)
    assert worker.is_running()


@pytest.mark.parametrize("away", ["killed", "frozen", "well"])
def test_a_worker_ends_when_it_is_told_to_whatever_redis_does(
    shop: Shop, worker: Worker, own_redis: Redis, away: str
) -> None:
    {"killed": own_redis.kill, "frozen": own_redis.freeze, "well": lambda: None}[away]()
    shop.wait(1)
    worker.signal(worker.stop_signal)
    assert wait_until(lambda: not worker.is_running(), within=60)
    assert worker._child is not None
    assert worker._child.returncode == 0
