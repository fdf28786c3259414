"""How long paid orders wait to be handed over, with and without 100 merchants' endpoints that never
answer. `python -m bench.tarpits [--orders 40] [--rounds 3]`

Everything runs as in production, on private parts. Rounds with and without take turns; times are
the database's, from the payment's opening to the order's fulfilment.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import socket
import statistics
import threading
import time
from collections.abc import Iterator

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bench.queues import open_payment, private_parts, shelve, wait
from parts.app import Sweeper, Worker
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.notices.try_endpoint import try_endpoint
from payments_app.notices.webhook_models import Delivery
from payments_app.orders.models import Order
from payments_app.payments.models import PaymentRecord, Transaction

MERCHANTS, ENDPOINTS_EACH = 10, 10
QUEUES = ("charges", "payment_critical", "payment_standard", "webhooks")


@contextlib.contextmanager
def tarpit() -> Iterator[str]:
    """A server that takes every connection and never says a word."""
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    held: list[socket.socket] = []

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                held.append(server.accept()[0])

    threading.Thread(target=take, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
    server.close()


@contextlib.contextmanager
def running() -> Iterator[None]:
    """The product on private parts, and this process as its web server."""
    with private_parts() as (directory, settings, _), contextlib.ExitStack() as stack:
        for process in (
            *(Worker(directory, settings, queue) for queue in QUEUES),
            Sweeper(directory, settings),
        ):
            stack.enter_context(process)
        with create_app(Config.from_env(settings)).app_context():
            shelve()
            yield


def main() -> None:
    logging.getLogger("payments_app").setLevel(logging.ERROR)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--orders", type=int, default=40)
    asked.add_argument("--rounds", type=int, default=3)
    options = asked.parse_args()
    found: dict[bool, list[float]] = {False: [], True: []}
    with tarpit() as url, running():
        endpoints = _add_endpoints(url)
        _fulfilled(10)  # warm
        for _ in range(options.rounds):
            for tarpits in (False, True):
                _switch(tarpits)
                if tarpits:
                    for endpoint_id in endpoints:
                        try_endpoint(endpoint_id, "bench")
                    wait(_are_stuck, "no endpoint was called", 30)
                found[tarpits] += _fulfilled(options.orders)
    for tarpits, seconds in found.items():
        cuts = statistics.quantiles(seconds, n=20, method="inclusive")
        name = f"{MERCHANTS * ENDPOINTS_EACH} tarpits" if tarpits else "without"
        print(f"{name:14} median {1000 * cuts[9]:,.0f} ms, p95 {1000 * cuts[18]:,.0f} ms")
    ratio = statistics.median(found[True]) / statistics.median(found[False])
    print(f"with / without: {ratio:.2f}")


def _fulfilled(count: int) -> list[float]:
    """Seconds from each payment's opening to its order's fulfilment."""
    opened = []
    for number in range(count):
        opened.append(open_payment(number))
        db.session.remove()
        time.sleep(0.1)
    times = (
        select(Transaction.created_at, Order.fulfilled_at)
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .join(Order, Order.id == PaymentRecord.payable_id)
        .where(Transaction.id.in_(opened), PaymentRecord.role == "pays_for")
        .where(Order.fulfilled_at.is_not(None))
    )

    def all_done() -> bool:
        db.session.rollback()
        return len(db.session.execute(times).all()) == count

    wait(all_done, "orders were not handed over", 300)
    found = db.session.execute(times)
    return [(done - began).total_seconds() for began, done in found if done]


def _are_stuck() -> bool:
    db.session.rollback()
    return bool(db.session.scalar(select(func.count()).where(Delivery.state == "sending")))


@atomic
def _add_endpoints(session: Session, url: str) -> list[str]:
    made = []
    for number in range(MERCHANTS):
        merchant = Merchant(name=f"Slow {number}", email=f"slow{number}@example.com")
        session.add(merchant)
        session.flush()
        for _ in range(ENDPOINTS_EACH):
            endpoint = Endpoint(merchant_id=merchant.id, url=url, secret="whsec_c2xvdw==")  # noqa: S106
            session.add(endpoint)
            session.flush()
            made.append(endpoint.id)
    return made


@atomic
def _switch(session: Session, on: bool) -> None:
    """Off: what waits for them is skipped."""
    now = func.now()
    values = (
        {"disabled_at": None, "failures": 0, "failing_since": None} if on else {"disabled_at": now}
    )
    session.execute(update(Endpoint).values(enabled=on, **values))
    if not on:
        skipped = {"state": "skipped", "taken_until": None}
        session.execute(update(Delivery).where(Delivery.delivered_at.is_(None)).values(**skipped))


if __name__ == "__main__":
    main()
