"""From the click to the end of the payment, and to its begin while Redis is away."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.buyer import click, order, paced, percentile
from bench.posts import slow_stripe
from bench.site import Served, Site
from bench.table import Row, at_least, at_most
from parts.app import Sweeper, Worker
from parts.process import wait_until

A_SECOND, WARM = 2, 10
CALLS, SLOW_SECONDS = 2, 4
IN_FLIGHT = "32"
_BEGUN = """
    SELECT extract(epoch FROM min(h.at) - t.created_at)::float FROM pay_transactions t
    LEFT JOIN pay_history h ON h.transaction_id = t.id AND h.what = 'payment.processing'
    WHERE t.id = ANY(%s) GROUP BY t.id
"""

_STARTED = """
    SELECT coalesce(sum(by_job), 0)::int, coalesce(sum(by_look), 0)::int
    FROM pay_job_counters WHERE command = 'charge'
"""


@contextmanager
def running(here: Site, queues: tuple[str, ...] = ("charges", "payment_critical")) -> Iterator[str]:
    """Web, a worker of each queue and the sweeper: the web's address."""
    settings = dict(here.settings) | {"CHARGE_CONCURRENCY": IN_FLIGHT}
    with ExitStack() as stack:
        web = stack.enter_context(Served(here.directory, settings))
        for queue in queues:
            stack.enter_context(Worker(here.directory / queue, settings, queue))
        stack.enter_context(Sweeper(here.directory, settings))
        paced(lambda: click(web.url), A_SECOND, WARM)
        yield web.url


def rows(here: Site, count: int = 40) -> list[Row]:
    """By the page's own pace, two clicks a second."""
    with running(here) as url:
        quick = paced(lambda: click(url), A_SECOND, count)
        with slow_stripe(here, SLOW_SECONDS * 1000):
            slow = paced(lambda: click(url), A_SECOND, count)
        share = _by_job(here, WARM + 2 * count)
        begun = {"frozen": _begun(here, url, frozen=True), "dead": _begun(here, url, frozen=False)}
    calls = CALLS * SLOW_SECONDS
    what = "click to final, Stripe at once"
    late = "click to final, Stripe at 4 s a call, beyond the calls"
    return [
        at_most(f"{what}, p50", percentile(quick, 50), 0.25, f"n = {count}", " s"),
        at_most(f"{what}, p95", percentile(quick, 95), 0.6, f"n = {count}", " s"),
        at_most(f"{late}, p95", percentile(slow, 95) - calls, 1, f"{calls} s of calls", " s"),
        at_least("charges begun by a job, Redis well", share, 0.95, f"n = {WARM + 2 * count}"),
        *(_begin_row(name, waits) for name, waits in begun.items()),
    ]


def _by_job(here: Site, charges: int) -> float:
    """The share of `charge_started_total` that jobs began; it is counted up to a second later."""
    counted = (0, 0)

    def all_counted() -> bool:
        nonlocal counted
        with here.postgres.connect("bench") as database:
            counted = database.execute(_STARTED).fetchone() or counted
        return sum(counted) >= charges

    wait_until(all_counted, within=10)
    return counted[0] / max(1, sum(counted))


def _begin_row(name: str, waits: list[float | None]) -> Row:
    what, lost = f"created to begun, Redis {name}, p95", waits.count(None)
    if lost:
        return Row(what, "at most 2 s", f"{lost} of {len(waits)} never", f"n = {len(waits)}", False)
    known = [wait for wait in waits if wait is not None]
    return at_most(what, percentile(known, 95), 2, f"n = {len(waits)}", " s")


def _begun(here: Site, url: str, *, frozen: bool) -> list[float | None]:
    """Seconds from each payment's row until a worker began it; None where none did within 20 s."""
    if frozen:
        here.redis.freeze()
    else:
        here.redis.signal(signal.SIGKILL)
    try:
        made: list[str] = []

        def one() -> float:
            made.append(order(url)[1].rpartition("/")[2])
            return 0

        paced(one, A_SECOND, 24)

        def read() -> list[float | None]:
            with here.postgres.connect("bench") as database:
                return [seconds for (seconds,) in database.execute(_BEGUN, [made]).fetchall()]

        wait_until(lambda: None not in read(), within=20)
        return read()
    finally:
        if frozen:
            here.redis.resume()
        else:
            here.redis.start()
        time.sleep(2)  # until what rests from a dead Redis looks again
