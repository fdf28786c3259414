"""What a payment asks of both Redis, by the servers' own counts: `python -m bench.redis_use`.

Commands, bytes in and out, of payments that come two a second; and what the processes ask in a
second while nobody pays (they look, beat and wait), which is in the former.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping

from redis import Redis as RedisClient

from bench.buyer import click, paced
from bench.site import Site, site
from bench.table import Row, plain
from parts.app import Web, Worker
from parts.redis import Redis

PAYMENTS, A_SECOND, IDLE_SECONDS = 40, 2, 20
_BYTES = ("total_net_input_bytes", "total_net_output_bytes")
_OURS = ("info", "client|setinfo", "hello")  # of whoever counts


def main() -> None:
    """Print the table."""
    logging.disable(logging.WARNING)
    with site() as here:
        print(plain(rows(here)))


def rows(here: Site) -> list[Row]:
    """Of each Redis: of one payment, and of a second without any. There is no target."""
    settings = dict(here.settings) | {"DATA_DIR": str(here.directory)}
    servers = {"jobs": here.redis, "cache": here.cache}
    with Worker(here.directory, settings), Web(here.directory, settings, workers=2) as web:
        paced(lambda: click(web.url), A_SECOND, 20)  # connects them all
        paid = _counted(servers, lambda: paced(lambda: click(web.url), A_SECOND, PAYMENTS))
        time.sleep(10)  # until what follows them is done
        idle = _counted(servers, lambda: time.sleep(IDLE_SECONDS))
    return [
        _row(f"Redis of the {name}, {what}", counted[name], by)
        for name in servers
        for what, counted, by in (
            (f"a payment of {A_SECOND} a second", paid, PAYMENTS),
            ("a second without payments", idle, IDLE_SECONDS),
        )
    ]


def _counted(servers: Mapping[str, Redis], during: Callable[[], object]) -> dict[str, Counter[str]]:
    """Of each server what was asked meanwhile."""
    before = {name: _read(server) for name, server in servers.items()}
    during()
    return {name: _read(server) - before[name] for name, server in servers.items()}


def _read(server: Redis) -> Counter[str]:
    """Calls by command, and bytes by direction, since it started."""
    with RedisClient.from_url(server.url()) as client:
        told = client.info("all")
    calls = {
        name.removeprefix("cmdstat_"): each["calls"]
        for name, each in told.items()
        if name.startswith("cmdstat_")
    }
    counted = {name: count for name, count in calls.items() if name not in _OURS}
    return Counter(counted | {name: told[name] for name in _BYTES})


def _row(what: str, asked: Mapping[str, int], by: int) -> Row:
    """Each of these counts is divided by `by`."""
    commands = {name: count / by for name, count in asked.items() if name not in _BYTES}
    most = sorted(commands, key=lambda name: -commands[name])[:6]
    received, sent = (asked.get(name, 0) / by for name in _BYTES)
    return Row(
        what,
        "",
        f"{sum(commands.values()):.1f} commands, {received:,.0f} bytes in, {sent:,.0f} out",
        ", ".join(f"{name} {commands[name]:.1f}" for name in most),
    )


if __name__ == "__main__":
    main()
