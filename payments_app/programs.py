"""The processes that work: one for each queue, and the sweeper. `python worker.py [NAME]`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from flask import Flask

from payments_app.cli import run_sweeper
from payments_app.core.jobs import worker
from payments_app.core.jobs.outbox import SWEEPER
from payments_app.gateway.own_account import check_account
from payments_app.inbound.lost import close_if_restored
from payments_app.ops.watch import check_redis
from payments_app.queues import BACKGROUND_QUEUES, QUEUE_THREADS

NAMES = (*QUEUE_THREADS, SWEEPER)


def programs(app: Flask) -> dict[str, Callable[[], None]]:
    """What each process runs until it is told to stop, by its name."""
    work = {queue: partial(_work, app, queue) for queue in QUEUE_THREADS}
    return {**work, SWEEPER: partial(_sweep, app)}


def _work(app: Flask, queue: str) -> None:
    with app.app_context():
        check_account()
        close_if_restored()
        check_redis()
    if queue in BACKGROUND_QUEUES:
        os.nice(10)
    worker.run(app, queue)


def _sweep(app: Flask) -> None:
    with app.app_context():
        run_sweeper()
