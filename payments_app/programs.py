"""The processes that work: one for each queue, and the sweeper. `flask worker [NAME]`, or
`python worker.py [NAME]` in the repository."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable
from functools import partial

import click
from flask import Flask, current_app
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from payments_app.cli import run_sweeper, what_is_away
from payments_app.core import forking
from payments_app.core.db.role_settings import check_role_settings
from payments_app.core.db.session import CommitOutcomeUnknownError
from payments_app.core.extensions import db
from payments_app.core.jobs import worker
from payments_app.core.jobs.outbox import SWEEPER
from payments_app.core.jobs.processes import Parent, ends_well
from payments_app.core.jobs.runner import Runner
from payments_app.core.outages import DATABASE, is_database_away, lacks_tables
from payments_app.gateway.own_account import check_account
from payments_app.inbound.lost import close_if_restored
from payments_app.ops.watch import check_redis
from payments_app.queues import BACKGROUND_QUEUES, QUEUE_THREADS

log = logging.getLogger(__name__)

NAMES = (*QUEUE_THREADS, SWEEPER)

CHECK_SECONDS = 10.0  # so long all wait for one check, and so long it holds


def programs(app: Flask, checked_until: float = 0.0) -> dict[str, Callable[[], None]]:
    """What each process runs until it is told to stop, by its name. Until that moment of the
    monotonic clock none checks what was checked for all."""
    work = {queue: partial(_work, app, queue, checked_until) for queue in QUEUE_THREADS}
    return {**work, SWEEPER: partial(_sweep, app)}


def run_all(app: Flask) -> None:
    """One parent of all until told to stop. What they would do alike as they start is done once,
    and not in each one's memory; where the check fails each makes it, and says so, itself."""
    forking.begin()
    rehearse(app)
    checked = ends_well("check", partial(_check, app), CHECK_SECONDS)
    Parent(programs(app, time.monotonic() + CHECK_SECONDS if checked else 0.0)).run()


@click.command("worker")
@click.argument("name", required=False, type=click.Choice(NAMES))
def worker_command(name: str | None) -> None:
    """Run all processes that work, or the one of this NAME, until told to stop."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if name is None:
        run_all(app)
    else:
        programs(app)[name]()


def rehearse(app: Flask) -> None:
    """Connect, and ask what every worker asks each second, of a queue that nobody has: what
    SQLAlchemy makes for it at the first time is then shared. Leaves no connection. Without a
    database or Redis it only costs memory."""
    with app.app_context():
        with contextlib.suppress(SQLAlchemyError):
            nobodys = Runner(app, "", 1)
            nobodys.look()
            nobodys.run()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    wake_up_redis = app.extensions["wake_up_redis"]
    with contextlib.suppress(RedisError, OSError):
        wake_up_redis.ping()
    wake_up_redis.connection_pool.disconnect()


def _work(app: Flask, queue: str, checked_until: float) -> None:
    if time.monotonic() > checked_until:
        _check(app)
    if queue in BACKGROUND_QUEUES:
        os.nice(10)
    worker.run(app, queue)


def _check(app: Flask) -> None:
    """Ends the process where the database does not answer: its supervisor starts it again."""
    with app.app_context():
        try:
            check_role_settings()
            check_account()
            close_if_restored()
            check_redis()
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            if lacks_tables(error):
                log.error("%s. No worker starts without them", what_is_away(error))  # noqa: TRY400
                sys.exit(1)
            if not is_database_away(error):
                raise
            DATABASE.failed(error, "no worker starts without it")
            sys.exit(1)


def _sweep(app: Flask) -> None:
    with app.app_context():
        run_sweeper()
