"""Staff pages at 1,000 and at 1,000,000 payments, side by side: `python -m bench.staff`.

Each database is named by its URL (`--small`, `--large`) and filled before by
`flask --app demo.app demo data`.
Prints medians in milliseconds of the whole request inside one process, and its CPU time; then the
first page beside the deepest, and a customer's page with and without the cache, taking turns in
one run, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parts.settings import NO_CACHE, NO_REDIS, private_settings
from payments_app import create_app
from payments_app.accounts import sessions
from payments_app.accounts.models import Staff
from payments_app.config import Config
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.models import PaymentRecord, Transaction


class Bench:
    """An application on one database, and a browser that is signed in to it."""

    def __init__(self, database_url: str, cache_url: str) -> None:
        settings = private_settings(
            database_url=database_url,
            redis_url=NO_REDIS,
            cache_redis_url=cache_url,
            sandbox_url="http://127.0.0.1:1",
        )
        self.app: Flask = create_app(Config.from_env(os.environ | settings))
        self.client: FlaskClient = self.app.test_client()
        with self.app.app_context():
            self.client.set_cookie("staff", _token())
            self.payment, self.customer, self.email, self.deep = _examples()

    def pages(self) -> dict[str, str]:
        """The pages that are measured, by name."""
        return {
            "list": "/staff/payments",
            "list, failed": "/staff/payments?status=failed",
            "deepest page": f"/staff/payments?before={self.deep}",
            "search, e-mail": f"/staff/payments?q={self.email}",
            "search, last 4": "/staff/payments?q=4242",
            "search, name": f"/staff/payments?q={self.email.partition('.')[0]}",
            "payment": f"/staff/payments/{self.payment}",
            "customer": f"/staff/customers/{self.customer}",
            "reports, 90 days": "/staff/reports?days=90",
            "overview": "/staff",
            "disputes": "/staff/disputes",
            "payouts": "/staff/payouts",
            "ledger": "/staff/ledger",
            "journals": "/staff/ledger/journals",
            "audit": "/staff/audit",
            "receipts": "/staff/receipts",
            "queues": "/staff/queues",
            "dead letters": "/staff/queues/dead?command=read_fee",
        }

    def get(self, address: str) -> tuple[float, float]:
        """Milliseconds by the clock and of CPU for one request. Raises RuntimeError unless 200."""
        wall, cpu = time.perf_counter(), time.process_time()
        answer = self.client.get(address, headers={"Accept": "text/html"})
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


@atomic
def _token(session: Session) -> str:
    staff = session.scalar(select(Staff).where(Staff.email == "bench@example.com"))
    if staff is None:
        staff = Staff(email="bench@example.com", role="admin", password_hash="no password")  # noqa: S106
        session.add(staff)
        session.flush()
    return sessions.open_session(session, staff)


def _examples() -> tuple[str, str, str, str]:
    """A payment, the customer with the most among some, their e-mail, and a cursor near the end."""
    session = db.session()
    some = select(PaymentRecord.payable_id).where(PaymentRecord.role == "customer").limit(1000)
    counted = some.subquery()
    customer = session.execute(
        select(counted.c.payable_id).group_by(counted.c.payable_id).order_by(func.count().desc())
    ).scalar()
    row = session.execute(
        select(Transaction.id, Transaction.email)
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .where(PaymentRecord.payable_id == customer)
    ).first()
    oldest = session.execute(
        select(Transaction.created_at, Transaction.id)
        .order_by(Transaction.created_at, Transaction.id)
        .offset(100)
    ).first()
    if customer is None or row is None or oldest is None:
        raise SystemExit("Fill the database first: flask --app demo.app demo data --count 1000")
    cursor = f"{int(oldest.created_at.timestamp() * 1_000_000)}.{oldest.id}"
    return row.id, customer, row.email, cursor


def take_turns(
    contenders: dict[str, Callable[[], tuple[float, float]]], rounds: int
) -> dict[str, str]:
    """The median of each contender, one request of each in every round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for number in range(rounds + 3):
        for name, call in contenders.items():
            measured = call()
            if number >= 3:  # the first ones fill caches and connections
                taken[name].append(measured)
    medians = {
        name: [statistics.median(m) for m in zip(*all_, strict=True)]
        for name, all_ in taken.items()
    }
    return {name: f"{wall:7.1f} ms, {cpu:6.1f} CPU" for name, (wall, cpu) in medians.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", required=True)
    parser.add_argument("--large", required=True)
    parser.add_argument("--cache", required=True, help="a Redis for the cache")
    parser.add_argument("--rounds", type=int, default=25)
    asked = parser.parse_args()
    small, large = Bench(asked.small, asked.cache), Bench(asked.large, asked.cache)
    print(f"{'page':20}{'small':>26}{'large':>26}")
    for name in small.pages():
        contenders: dict[str, Any] = {
            "small": lambda name=name: small.get(small.pages()[name]),
            "large": lambda name=name: large.get(large.pages()[name]),
        }
        found = take_turns(contenders, asked.rounds)
        print(f"{name:20}{found['small']:>26}{found['large']:>26}", flush=True)
    bare = Bench(asked.large, NO_CACHE)
    found = take_turns(
        {
            "cached": lambda: large.get(large.pages()["customer"]),
            "uncached": lambda: bare.get(bare.pages()["customer"]),
        },
        asked.rounds,
    )
    print(f"customer, large: cached {found['cached']}; uncached {found['uncached']}")


if __name__ == "__main__":
    main()
