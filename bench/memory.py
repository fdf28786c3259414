"""What the product's processes weigh: `python -m bench.memory [--limit MB]`.

PSS (shared pages counted in equal parts) of the web, all that `worker.py` forks and both Redis,
idle and during 200 payments, on private parts, without PostgreSQL and the stand-in for Stripe.
With `--limit` the product's own processes run in a cgroup of so much memory, without swap; it
needs the right to make one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import requests

from bench.site import Site, site
from bench.table import Row, at_most
from parts.app import Web, Worker
from parts.postgres import libpq
from parts.process import Process, wait_until
from parts.redis import Redis

PAYMENTS = 200
IDLE_SECONDS = 15
_LOOK_SECONDS = 0.5
_CGROUPS = Path("/sys/fs/cgroup")


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--limit", type=int, help="MB for the product's own processes together")
    limit = asked.parse_args().limit
    with site() as here:
        idle, most, killed = weigh(here, limit)
    print(f"{'MB, PSS':12}{'idle':>8}{f'{PAYMENTS} payments':>14}")
    for name in idle:
        print(f"{name:12}{idle[name]:8.0f}{most[name]:14.0f}")
    print(f"{'all':12}{sum(idle.values()):8.0f}{sum(most.values()):14.0f}")
    if limit:
        print(f"within {limit} MB: {PAYMENTS} payments complete, {killed} processes killed")


def rows(here: Site) -> list[Row]:
    """Idle, and at the most during payments."""
    idle, most, _ = weigh(here)
    parts = ", ".join(f"{name} {weight:.0f}" for name, weight in idle.items())
    return [
        at_most("all processes, idle, PSS", sum(idle.values()), 300, parts, " MB"),
        at_most(f"during {PAYMENTS} payments, PSS", sum(most.values()), 360, "", " MB"),
    ]


def weigh(here: Site, limit: int | None = None) -> tuple[dict[str, float], dict[str, float], int]:
    """MB by program idle and during payments, and how many processes were killed."""
    servers = [here.redis, here.cache]
    with _running(here) as (web, workers):
        processes: dict[str, Process] = {"web": web, "workers": workers, "two Redis": servers[0]}
        with limited(limit, [web.pid, workers.pid, *(server.pid for server in servers)]) as group:
            time.sleep(IDLE_SECONDS)
            idle = _weights(processes, servers)
            most = _during_payments(web, processes, servers, here.settings["DATABASE_URL"])
            died = killed(group)
    return idle, most, died


@contextlib.contextmanager
def _running(here: Site) -> Iterator[tuple[Web, Worker]]:
    settings = dict(here.settings) | {"DATA_DIR": str(here.directory)}
    with (
        Worker(here.directory, settings) as workers,
        Web(here.directory, settings, workers=2) as web,
    ):
        yield web, workers


def _weights(processes: Mapping[str, Process], servers: list[Redis]) -> dict[str, float]:
    """MB by program, its children included."""
    found = {name: sum(map(pss, family(process.pid))) for name, process in processes.items()}
    return found | {"two Redis": sum(pss(server.pid) for server in servers)}


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def pss(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _during_payments(
    web: Web, processes: Mapping[str, Process], servers: list[Redis], database_url: str
) -> dict[str, float]:
    """The most that was seen at once, until all of them are complete."""
    most: dict[str, float] = {}
    for number in range(PAYMENTS):
        pay(web)
        if number % 20 == 0:
            most = _heavier(most, _weights(processes, servers))

    def complete() -> bool:
        nonlocal most
        most = _heavier(most, _weights(processes, servers))
        time.sleep(_LOOK_SECONDS)
        with psycopg.connect(libpq(database_url)) as connection:
            query = "SELECT count(*) FROM pay_transactions WHERE phase = 'complete'"
            return connection.execute(query).fetchone() == (PAYMENTS,)

    if not wait_until(complete, 180):
        raise SystemExit("not all payments are complete")
    return most


def _heavier(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    return max(one, other, key=lambda weights: sum(weights.values()))


def pay(web: Web) -> None:
    answer = requests.post(
        f"{web.url}/transactions",
        json={
            "item": "field-notes",
            "email": f"buyer{secrets.token_hex(4)}@example.com",
            "payment_method": "pm_card_visa",
        },
        headers={"Idempotency-Key": secrets.token_hex(8)},
        timeout=30,
    )
    answer.raise_for_status()


@contextlib.contextmanager
def limited(limit: int | None, pids: list[int]) -> Iterator[Path | None]:
    """Put the processes and their children into a cgroup of `limit` MB; cgroup v2, or v1's memory
    controller."""
    if limit is None:
        yield None
        return
    second = (_CGROUPS / "cgroup.controllers").exists()
    group = (_CGROUPS if second else _CGROUPS / "memory") / f"payments-{os.getpid()}"
    group.mkdir()
    try:
        maximum = "memory.max" if second else "memory.limit_in_bytes"
        (group / maximum).write_text(str(limit * 2**20))
        for parent in pids:
            for pid in family(parent):
                (group / "cgroup.procs").write_text(str(pid))
        yield group
    finally:
        for left in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                (group.parent / "cgroup.procs").write_text(left)
        group.rmdir()


def killed(group: Path | None) -> int:
    """How many processes the kernel killed for want of memory."""
    for name in ("memory.events", "memory.oom_control"):
        if group and (group / name).exists():
            for line in (group / name).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
