"""How long a charge waits for a worker, alone and behind 10,000 slow bulk jobs; how late a retry
is; what a Redis that forgets everything costs. `python -m bench.queues [--bulk 10000]`

Everything runs as in production, on private parts: PostgreSQL, Redis, the Stripe sandbox, one
worker process for each queue and the sweeper. Times are the database's.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, aliased

from bench.bulk_worker import LATE, know_bench_jobs
from parts.app import REPOSITORY, Sweeper
from parts.postgres import Postgres, create_database
from parts.process import Process, wait_until
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.schema import migrate
from parts.settings import private_settings
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Message
from payments_app.customers.find import customer_for
from payments_app.orders.place import place
from payments_app.orders.product_models import Product
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.open import PaymentSource, open_transaction

QUEUES = ("charges", "default", "reports")


class BulkWorker(Process):
    """A worker that knows the bench's own jobs; supervised here, as a deployment would."""

    def __init__(self, directory: Path, settings: Mapping[str, str], queue: str) -> None:
        super().__init__(
            f"The worker of {queue}",
            [sys.executable, "-m", "bench.bulk_worker", queue],
            directory / f"worker-{queue}.log",
            env=os.environ | settings,
            cwd=REPOSITORY,
        )


@contextlib.contextmanager
def private_parts() -> Iterator[tuple[Path, dict[str, str], Redis]]:
    """PostgreSQL, Redis and the stand-in for Stripe: a directory, the settings, and that Redis."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Postgres())
        redis = stack.enter_context(Redis(directory / "redis"))
        sandbox = stack.enter_context(Sandbox(directory / "sandbox", keep=False))
        url = create_database(server.url(), "bench")
        migrate(url)
        settings = private_settings(
            database_url=url,
            redis_url=redis.url(0),
            cache_redis_url=redis.url(1),
            sandbox_url=sandbox.url,
        )
        yield directory, settings, redis


@contextlib.contextmanager
def running() -> Iterator[tuple[Flask, Redis, list[Process]]]:
    """The product on private parts, and this process as its web server."""
    with private_parts() as (directory, settings, redis), contextlib.ExitStack() as stack:
        app = create_app(Config.from_env(settings))
        know_bench_jobs(app)
        workers: list[Process] = [BulkWorker(directory, settings, queue) for queue in QUEUES]
        for process in [*workers, Sweeper(directory, settings)]:
            stack.enter_context(process)
        with app.app_context():
            shelve()
            yield app, redis, workers


def main() -> None:
    logging.getLogger("payments_app.core.jobs.wake_up").setLevel(logging.ERROR)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--bulk", type=int, default=10_000)
    asked.add_argument("--charges", type=int, default=200)
    options = asked.parse_args()
    with running() as (_, redis, workers):
        _charge(20, pause=0.1)  # warm
        _report("a charge starts, nothing else waits", _charge(options.charges, pause=0.1))
        _report("the first charge after a quiet spell", _charge(15, pause=1.0))
        _report("a retry due in 1 s is late by", _lateness(40))
        _pile_up(options.bulk)
        _report(f"a charge starts, {_waiting():,} bulk jobs wait", _charge(options.charges, 0.1))
        _report("a charge starts, 20 a second, 45 s long", _charge(900, pause=0.05))
        _forget(redis, workers)


def _report(what: str, seconds: Sequence[float]) -> None:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    figures = ", ".join(
        f"{name} {1000 * value:,.0f} ms"
        for name, value in (("median", cuts[49]), ("p99", cuts[98]), ("worst", max(seconds)))
    )
    print(f"{what:60} {figures}  (n={len(seconds)})", flush=True)


def _charge(count: int, pause: float) -> list[float]:
    """Open payments at an even pace; the seconds from each commit until a worker began it."""
    opened = []
    for number in range(count):
        started = time.monotonic()
        opened.append(open_payment(number))
        db.session.remove()
        time.sleep(max(0.0, pause - (time.monotonic() - started)))
    wait(lambda: len(_begun(opened)) == count, "charges did not start", 120)
    return _begun(opened)


def _begun(ids: Sequence[str]) -> list[float]:
    db.session.rollback()
    begun = aliased(HistoryEntry)
    rows = db.session.execute(
        select(Transaction.created_at, func.min(begun.at))
        .join(begun, begun.transaction_id == Transaction.id)
        .where(Transaction.id.in_(ids), begun.what == "payment.processing")
        .group_by(Transaction.id, Transaction.created_at)
    )
    return [(at - created).total_seconds() for created, at in rows]


def _lateness(count: int) -> list[float]:
    for number in range(count):
        _stage_retry(number)
        time.sleep(0.13)
    late = select(HistoryEntry.data).where(HistoryEntry.what == LATE)

    def all_noted() -> bool:
        db.session.rollback()
        return len(db.session.scalars(late).all()) == count

    wait(all_noted, "retries did not start", 30)
    return [data["seconds"] for data in db.session.scalars(late)]


def _forget(redis: Redis, workers: Sequence[Process]) -> None:
    """Kill Redis without persistence in the middle of it all; what was promised must be done."""
    opened = [open_payment(number) for number in range(50)]
    redis.kill()
    opened += [open_payment(number) for number in range(50)]
    redis.start()
    back = time.monotonic()

    def all_begun() -> bool:
        for worker in workers:
            if not worker.is_running():
                worker.start()
        return len(_begun(opened)) == len(opened)

    wait(all_begun, "charges were lost with Redis", 60)
    seconds = time.monotonic() - back
    print(f"Redis killed and restarted empty: 100 of 100 begun, {seconds:.1f} s after its return")


def wait(condition: Callable[[], bool], otherwise: str, within: float) -> None:
    if not wait_until(condition, within):
        raise SystemExit(otherwise)


def _waiting() -> int:
    db.session.rollback()
    bulk = Message.command.in_(("bench.default", "bench.reports"))
    return db.session.scalar(select(func.count()).where(bulk, *outbox.OPEN)) or 0


@atomic
def shelve(session: Session) -> None:
    session.add(Product(slug="thing", name="Thing", amount=1099, currency="usd"))


@atomic
def open_payment(session: Session, number: int) -> str:
    customer = customer_for(session, f"buyer{number}@example.com")
    product = session.scalars(select(Product)).one()
    return open_transaction(
        session,
        place(session, product, 1, customer.id),
        customer_id=customer.id,
        email=customer.email,
        source=PaymentSource(payment_method="pm_card_visa"),
    ).id


@atomic
def _stage_retry(session: Session, number: int) -> None:
    outbox.stage(session, "bench.late", f"late-{number}", delay=1)


@atomic
def _pile_up(session: Session, count: int) -> None:
    rows = [
        {
            "queue": queue,
            "command": f"bench.{queue}",
            "subject": str(n),
            "dedupe_key": f"{queue}{n}",
        }
        for queue in ("default", "reports")
        for n in range(count // 2)
    ]
    session.execute(insert(Message), rows)


if __name__ == "__main__":
    main()
