"""What more processes bring on one machine: polls answered by the web, charges by workers."""

from __future__ import annotations

import os
from functools import partial

from bench.charges import CALL_MS, batch
from bench.load import take_turns, wrk
from bench.posts import slow_stripe
from bench.site import Served, Site
from bench.table import Row
from bench.web import JSON, pay
from parts.app import REPOSITORY

PROCESSES = (1, 2, 4)
SECONDS = 2


def rows(here: Site, rounds: int, count: int = 150) -> list[Row]:
    """Each number of processes beside one. There is no target: it says what the machine gives."""
    polls = take_turns({str(number): partial(_polls, here, number) for number in PROCESSES}, rounds)
    with Served(here.directory, here.settings) as web, slow_stripe(here, CALL_MS):
        charges = take_turns(
            {
                str(number): partial(
                    batch, here, web.url, REPOSITORY, at_once=10, count=count, workers=number
                )
                for number in PROCESSES
            },
            rounds,
        )
    return [*_beside_one("polls a second, web", polls), *_beside_one("charges a second", charges)]


def _polls(here: Site, processes: int) -> float:
    with Served(here.directory, here.settings, processes=processes) as web:
        url, _, cookie = pay(web)
        return wrk(url, JSON | {"Cookie": cookie}, SECONDS) / SECONDS


def _beside_one(what: str, found: dict[str, float]) -> list[Row]:
    cores = f"{os.cpu_count()} cores"
    return [
        Row(f"{what}, {number} processes", "", f"{rate:.0f} ({rate / found['1']:.2f} x)", cores)
        for number, rate in found.items()
    ]
