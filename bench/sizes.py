"""Whether a machine of a size is enough: `python -m bench.sizes [MB ...]` (512, 1024, 2048).

All that one machine runs (PostgreSQL, both Redis, web, workers) in a cgroup of so much memory,
without swap: does it start, do 200 payments at 2 a second complete, and what does it weigh at the
end (PSS). The stand-in for Stripe and this measurement are outside. It needs the right to make a
cgroup.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

from bench.memory import family, killed, limited, pay, pss
from bench.site import Site, site
from parts.app import Web, Worker
from parts.postgres import libpq
from parts.process import Process, wait_until

PAYMENTS = 200
A_SECOND = 2.0
WEB_PROCESSES = 2
_START_SECONDS = 120.0
_COMPLETE_SECONDS = 300.0
_QUERY = """
    SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), max(seconds)
    FROM (SELECT extract(epoch FROM ended_at - created_at) AS seconds
          FROM pay_transactions WHERE phase = 'complete') AS complete
"""


@dataclass(frozen=True)
class Fit:
    """What came of one size: seconds until all served, payments that are complete, seconds from
    each one's request to its end (median and most), MB of PSS, processes killed."""

    started: float | None
    complete: int = 0
    median: float = 0.0
    most: float = 0.0
    weight: float = 0.0
    killed: int = 0

    def cells(self) -> list[str]:
        """Of its row."""
        if self.started is None:
            return ["does not start", "-", "-", "-", str(self.killed)]
        ends = f"{self.median:.1f} s, {self.most:.1f} s"
        weight = f"{self.weight:.0f} MB"
        return [f"{self.started:.0f} s", str(self.complete), ends, weight, str(self.killed)]


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sizes", nargs="*", type=int, default=[512, 1024, 2048], metavar="MB")
    head = ("memory", "starts in", f"of {PAYMENTS} complete", "median, most", "PSS", "killed")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for size in asked.parse_args().sizes:
        with site() as here:
            print(f"| {size} MB | {' | '.join(measure(here, size).cells())} |", flush=True)


def measure(here: Site, megabytes: int, payments: int = PAYMENTS) -> Fit:
    """Let it run in so much memory."""
    settings = dict(here.settings) | {"DATA_DIR": str(here.directory)}
    workers = Worker(here.directory, settings)
    web = Web(here.directory, settings, workers=WEB_PROCESSES)
    servers = [here.postgres, here.redis, here.cache]
    with limited(megabytes, [server.pid for server in servers]) as group:
        if group is None:
            raise RuntimeError("no limit was asked for")
        try:
            since = time.monotonic()
            for process in (workers, web):
                _launch_in(group, process)
            wait_until(lambda: not web.is_running() or web.is_ready(), _START_SECONDS)
            if not web.is_ready():
                return Fit(None, killed=killed(group))
            started = time.monotonic() - since
            return _pay_all(here, web, [*servers, workers, web], group, started, payments)
        finally:
            for process in (web, workers):
                process.stop()


def _launch_in(group: Path, process: Process) -> None:
    """Whatever it forks is in the group as well."""
    process.launch()
    (group / "cgroup.procs").write_text(str(process.pid))


def _pay_all(
    here: Site, web: Web, all_of_it: list[Process], group: Path, started: float, payments: int
) -> Fit:
    with contextlib.suppress(requests.RequestException):  # too small: what it needs was killed
        for _ in range(payments):
            until = time.monotonic() + 1 / A_SECOND
            pay(web)
            time.sleep(max(0.0, until - time.monotonic()))
    seconds = _COMPLETE_SECONDS if not killed(group) else 5.0
    wait_until(lambda: _complete(here)[0] == payments, seconds)
    weight = sum(
        pss(pid) for process in all_of_it if process.is_running() for pid in family(process.pid)
    )
    complete, median, most = _complete(here)
    return Fit(started, complete, median, most, weight, killed(group))


def _complete(here: Site) -> tuple[int, float, float]:
    time.sleep(0.2)
    try:
        with psycopg.connect(libpq(here.settings["DATABASE_URL"])) as connection:
            count, median, most = connection.execute(_QUERY).fetchone() or (0, 0, 0)
    except psycopg.OperationalError:  # it was killed
        return 0, 0.0, 0.0
    return int(count), float(median or 0), float(most or 0)


if __name__ == "__main__":
    main()
