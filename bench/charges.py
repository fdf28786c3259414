"""How many charges one worker process makes, beside the limit, an older checkout and stock RQ."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
from redis import Redis as RedisClient
from rq import Queue

from bench.buyer import order
from bench.load import take_turns
from bench.posts import slow_stripe
from bench.site import Served, Site, flask
from bench.table import Row, at_least
from parts.app import REPOSITORY
from parts.postgres import create_database, libpq
from parts.process import Process, wait_until
from parts.settings import sandbox_account

CALLS, CALL_MS = 2, 50
IN_FLIGHT = {10: 0.45, 16: 0.32}  # of in flight / calls, at least
_SPAN = """
    SELECT count(*), extract(epoch FROM max(t.ended_at) - min(h.at))::float
    FROM pay_transactions t JOIN pay_history h ON h.transaction_id = t.id
    WHERE h.what = 'payment.processing' AND t.id = ANY(%s) AND t.ended_at IS NOT NULL
"""


def rows(here: Site, rounds: int, against: Path | None, count: int = 150) -> list[Row]:
    """Each batch waits already as its worker starts; the time is the database's."""
    shops = {"ours": (here, REPOSITORY)}
    if against:
        shops["older"] = _older(here, against.resolve()), against.resolve()
    with contextlib.ExitStack() as running:
        contenders: dict[str, Callable[[], float]] = {}
        for name, (shop, checkout) in shops.items():
            served = Served(here.directory, shop.settings, repository=checkout)
            web = running.enter_context(served)
            running.enter_context(slow_stripe(shop, CALL_MS))
            for at_once in IN_FLIGHT:
                turn = partial(batch, shop, web.url, checkout, at_once, count)
                contenders[f"{name} {at_once}"] = turn if name == "ours" else _Tried(turn)
        contenders["stock"] = partial(_stock, here, 20)
        found = take_turns(contenders, rounds)
        for name, contender in contenders.items():
            if isinstance(contender, _Tried) and contender.failed:
                found[name] = math.nan
    return [*_beside(found, against is not None), _of_stock(found["ours 10"], found["stock"])]


class _Tried:
    """Turns of older code, which may not end: then it is not asked again, and has no rate."""

    def __init__(self, turn: Callable[[], float]) -> None:
        self._turn, self.failed = turn, False

    def __call__(self) -> float:
        if not self.failed:
            try:
                return self._turn()
            except RuntimeError:
                traceback.print_exc()
                self.failed = True
        return math.nan


def _older(here: Site, checkout: Path) -> Site:
    """The same parts with a database, Redis' databases and an account at Stripe of its own: older
    code knows neither today's tables nor its messages. Raises CalledProcessError."""
    own = {
        "DATABASE_URL": create_database(here.postgres.url(), "older"),
        "REDIS_URL": here.redis.url(2),
        "CACHE_REDIS_URL": here.cache.url(2),
    }
    settings = {**here.settings, **own, **sandbox_account()}
    for app, *words in (("wsgi", "db", "upgrade"), ("demo.app", "demo", "seed")):
        flask(settings, *words, app=app, repository=checkout)
    return replace(here, settings=settings)


def _beside(found: dict[str, float], older: bool) -> list[Row]:
    made = []
    for at_once, share in IN_FLIGHT.items():
        ours, limit = found[f"ours {at_once}"], at_once / (CALLS * CALL_MS / 1000)
        what = f"charges by one worker, {at_once} in flight"
        made.append(at_least(f"{what}, of the limit", ours / limit, share, f"{limit:.0f}/s"))
        rate = found.get(f"older {at_once}", math.nan)
        if not math.isnan(rate):
            made.append(at_least(f"{what}, of older code", ours / rate, 2.5, f"{rate:.1f}/s", " x"))
        else:
            said = "it did not end" if older else "name it by AGAINST="
            made.append(Row(f"{what}, of older code", "at least 2.5 x", said))
    return made


def _of_stock(ours: float, stock: float) -> Row:
    return at_least("charges, of a stock RQ worker", ours / stock, 8, f"{stock:.1f}/s", " x")


def batch(
    here: Site, url: str, checkout: Path, at_once: int, count: int, workers: int = 1
) -> float:
    """Charges a second of so many worker processes, by the database's times. Raises RuntimeError
    where not all end."""
    ids = [order(url)[1].rpartition("/")[2] for _ in range(count)]
    span = (0, 0.0)

    def ended() -> bool:
        nonlocal span
        with psycopg.connect(libpq(here.settings["DATABASE_URL"])) as database:
            span = database.execute(_SPAN, [ids]).fetchone() or span
        return span[0] == count

    with contextlib.ExitStack() as running:
        for number in range(workers):
            worker = Process(
                f"The worker of {checkout}",
                [sys.executable, "worker.py", "charges"],
                here.directory / f"charges-{checkout.name}-{number}.log",
                env=os.environ | here.settings | {"CHARGE_CONCURRENCY": str(at_once)},
                cwd=checkout,
            )
            running.enter_context(worker)
        if not wait_until(ended, within=120):
            raise RuntimeError(f"{span[0]} of {count} charges ended")
    return count / span[1]


def _stock(here: Site, count: int) -> float:
    """Jobs a second, by RQ's own times."""
    url = here.settings["REDIS_URL"]
    queue = Queue("stock", connection=RedisClient.from_url(url))
    jobs = [queue.enqueue("bench.stock.charge", str(number)) for number in range(count)]
    worker = Process(
        "A stock RQ worker",
        [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", url, "stock"],
        here.directory / "stock.log",
        env=os.environ | here.settings,
        cwd=REPOSITORY,
    )
    worker.launch()
    worker.wait()
    for job in jobs:
        job.refresh()  # type: ignore[no-untyped-call]
    begun = min(job.started_at for job in jobs if job.started_at)
    ended = max(job.ended_at for job in jobs if job.ended_at)
    return count / (ended - begun).total_seconds()
