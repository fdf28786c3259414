"""What one charge costs: round trips to PostgreSQL, transactions, processor time of the worker.

`python -m bench.charge [--charges 40] [--rounds 5] [--against DIR]`

Charges follow each other in one thread, on private parts: PostgreSQL, Redis and the stand-in for
Stripe. DIR is another checkout of the product, a git worktree of an older commit say: it is
measured in turn with this one, so that both meet the same machine. Medians; with STATEMENTS=1 set
each round trip is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from bench.round_trips import counted, transactions
from bench.table import Row, at_most
from parts.app import REPOSITORY
from parts.postgres import Postgres, create_database
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.settings import private_settings

FIGURES = ("round trips to PostgreSQL", "transactions", "processor time of the worker, ms")
Charged = list[tuple[float, ...]]  # of each charge its FIGURES


@contextlib.contextmanager
def _processes(checkouts: Sequence[Path]) -> Iterator[list[subprocess.Popen[str]]]:
    """A process of each checkout: it answers a number on its input with what was charged."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Postgres())
        redis = stack.enter_context(Redis(directory / "redis"))
        sandbox = stack.enter_context(Sandbox(directory / "sandbox", keep=False))
        started = []
        for number, checkout in enumerate(checkouts):
            env = os.environ | private_settings(
                database_url=create_database(server.url(), f"bench_{number}"),
                redis_url=redis.url(2 * number),
                cache_redis_url=redis.url(2 * number + 1),
                sandbox_url=sandbox.url,
            )
            migrate = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
            subprocess.run(migrate, cwd=checkout, env=env, check=True, stderr=subprocess.DEVNULL)
            serve = [sys.executable, "-m", "bench.charge", "--serve", str(checkout)]
            ends: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            process = subprocess.Popen(serve, cwd=REPOSITORY, env=env, text=True, **ends)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            started.append(process)
        yield started


def measure(checkouts: Sequence[Path], charges: int, rounds: int) -> list[tuple[float, ...]]:
    """The FIGURES of each checkout. The first of `rounds` warms, and does not count."""
    charged: list[Charged] = [[] for _ in checkouts]
    with _processes(checkouts) as processes:
        for number in range(rounds):
            for process, kept in zip(processes, charged, strict=True):
                answered = _ask(process, charges)
                if number:
                    kept += answered
    return [tuple(map(statistics.median, zip(*kept, strict=True))) for kept in charged]


def rows() -> list[Row]:
    """What one charge of this checkout sends."""
    ((trips, begun, spent),) = measure([REPOSITORY], charges=20, rounds=3)
    limit = f"{spent:.1f} ms of processor"
    return [
        at_most("one charge, round trips to PostgreSQL", trips, 24, limit),
        at_most("one charge, transactions", begun, 3, limit),
    ]


def _ask(process: subprocess.Popen[str], charges: int) -> Charged:
    stdin, stdout = cast("tuple[IO[str], IO[str]]", (process.stdin, process.stdout))
    print(charges, file=stdin, flush=True)
    return cast("Charged", json.loads(stdout.readline()))


def _serve(checkout: str) -> None:
    sys.path.insert(0, checkout)  # the product is imported from there
    from payments_app import create_app

    with create_app().app_context():  # until its input ends
        for asked in sys.stdin:
            print(json.dumps([_figures_of_one() for _ in range(int(asked))]), flush=True)


def _figures_of_one() -> tuple[float, ...]:
    from payments_app.core.extensions import db
    from payments_app.core.jobs import leases
    from payments_app.core.jobs.perform import perform
    from payments_app.payments.models import Transaction

    _open()
    db.session.remove()
    started = time.thread_time()
    with counted() as sent:
        (claim,) = leases.claim("charges", 1)
        perform(claim)
    spent = time.thread_time() - started
    db.session.remove()
    if db.session.get_one(Transaction, claim.subject).state != "complete":
        raise RuntimeError(f"{claim.subject} was not charged")
    if os.environ.get("STATEMENTS"):
        print(*(" ".join(text.split()) for text in sent), sep="\n", file=sys.stderr)
    return len(sent), transactions(sent), 1000 * spent


def _open() -> None:
    from sqlalchemy import select

    from payments_app.core.db.session import atomic
    from payments_app.customers.find import customer_for
    from payments_app.orders.place import place
    from payments_app.orders.product_models import Product
    from payments_app.payments.transactions.open import PaymentSource, open_transaction

    @atomic
    def store(session: Any) -> None:
        new = {"slug": "thing", "name": "Thing", "amount": 1099, "currency": "usd"}
        thing = session.scalar(select(Product)) or Product(**new)
        session.add(thing)
        customer = customer_for(session, "ada@example.com")
        order, card = place(session, thing, 1, customer.id), PaymentSource(None, "pm_card_visa")
        open_transaction(session, order, customer_id=customer.id, email=customer.email, source=card)

    store()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--charges", type=int, default=40, help="in each round")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--against", type=Path, help="another checkout of the product")
    asked.add_argument("--serve", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.serve:
        _serve(options.serve)
        return
    checkouts = [REPOSITORY, *([options.against.resolve()] if options.against else [])]
    rows = measure(checkouts, options.charges, options.rounds)
    print(f"{'one charge':36}" + "".join(f"{checkout.name:>16}" for checkout in checkouts))
    for name, *values in zip(FIGURES, *rows, strict=True):
        print(f"{name:36}" + "".join(f"{value:16.1f}" for value in values))


if __name__ == "__main__":
    main()
