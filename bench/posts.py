"""What POST /transactions costs, and whether a slow Stripe slows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import requests

from bench.buyer import order, paced, percentile
from bench.load import cpu_per_request, take_turns
from bench.site import Served, Site
from bench.table import Row, at_most
from parts.app import Worker

EACH = 60  # requests of a turn
SLOW_MS = 8000
A_SECOND, SAMPLES = 10, 320


@contextmanager
def slow_stripe(here: Site, milliseconds: int) -> Iterator[None]:
    """Each call that creates or confirms takes so long."""
    match = {"method": "POST", "path": "/v1/payment_intents"}
    fault: dict[str, Any] = {"fault": "slow", "ms": milliseconds, "match": match, "times": None}
    faults, key = f"{here.sandbox.url}/_sandbox/faults", (here.settings["STRIPE_SECRET_KEY"], "")
    requests.post(faults, json=[fault], auth=key, timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.delete(faults, auth=key, timeout=10).raise_for_status()


def rows(here: Site, rounds: int) -> list[Row]:
    """Beside an insert, a commit and an enqueued job; and with Stripe at 8 s beside at once."""
    with (
        Served(here.directory, here.settings) as web,
        Served(here.directory, here.settings, "bench.bare:app", ready="/") as bare,
    ):
        with psycopg.connect(here.postgres.url("bench").replace("+psycopg", "")) as database:
            database.execute("CREATE TABLE bench_rows (id text PRIMARY KEY, email text)")
        return [*_beside_bare(web, bare, rounds), *_beside_slow_stripe(here, web)]


def _beside_bare(web: Served, bare: Served, rounds: int) -> list[Row]:
    with requests.Session() as session:

        def ours() -> None:
            order(web.url)

        def theirs() -> None:
            session.post(f"{bare.url}/rows", timeout=10).raise_for_status()

        def costs(server: Served, send: Callable[[], None]) -> Callable[[], float]:
            return lambda: cpu_per_request(server.pid, lambda: _many(send))

        found = take_turns({"ours": costs(web, ours), "bare": costs(bare, theirs)}, rounds)
        waits = take_turns({"ours": lambda: _timed(ours), "bare": lambda: _timed(theirs)}, EACH)
    limit = f"{found['bare'] / 1000:.1f} ms of insert + commit + enqueue"
    by_clock = waits["ours"] / waits["bare"]
    return [
        at_most("POST /transactions, processor", found["ours"] / found["bare"], 4, limit, " x"),
        at_most("POST /transactions, by the clock", by_clock, 4, f"{waits['bare']:.1f} ms", " x"),
    ]


def _many(send: Callable[[], None]) -> int:
    for _ in range(EACH):
        send()
    return EACH


def _timed(send: Callable[[], None]) -> float:
    began = time.perf_counter()
    send()
    return (time.perf_counter() - began) * 1000


def _beside_slow_stripe(here: Site, web: Served) -> list[Row]:
    def place() -> None:
        order(web.url)

    def post() -> float:
        return _timed(place)

    def shop() -> float:
        return _timed(lambda: requests.get(f"{web.url}/", timeout=30).raise_for_status())

    found: dict[str, list[float]] = {"post 0": [], "post 8": [], "shop 0": [], "shop 8": []}
    with Worker(here.directory / "posts", here.settings, "charges"):
        for _ in range(2):
            for seconds in (0, SLOW_MS // 1000):
                with slow_stripe(here, seconds * 1000), ThreadPoolExecutor(1) as pool:
                    reading = pool.submit(paced, shop, A_SECOND, SAMPLES // 2)
                    found[f"post {seconds}"] += paced(post, A_SECOND, SAMPLES // 2)
                    found[f"shop {seconds}"] += reading.result()
    p99 = {name: percentile(values, 99) for name, values in found.items()}
    return [
        at_most(
            "POST /transactions, p99, Stripe at 8 s against 0",
            *(p99["post 8"] / p99["post 0"], 1.2, f"{p99['post 0']:.0f} ms", " x"),
        ),
        at_most(
            "another page, p99, Stripe at 8 s against 0",
            *(p99["shop 8"] / p99["shop 0"], 1.3, f"{p99['shop 0']:.0f} ms", " x"),
        ),
    ]
