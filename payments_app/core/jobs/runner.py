"""The one RQ job: claim what is due in a queue and do it, on as many threads as the queue has."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from payments_app.core import registry
from payments_app.core.db.session import CommitOutcomeUnknownError
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, unknown
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.jobs.outbox import commands

log = logging.getLogger(__name__)

# While the last of a round ends, a worker claims nothing: rounds are long, so that this is rare.
# Then what runs has 50 s to end, within the job's 330.
CLAIM_SECONDS = 240
FINISH_SECONDS = 50
RENEW_SECONDS = leases.LEASE_SECONDS / 3
stopping = threading.Event()  # set at warm shutdown: claim nothing more, finish what runs


def run_due_messages(queue: str, threads: int | None = None) -> int:
    """Do all that is due in `queue`; return how many messages were worked on.

    Claims for CLAIM_SECONDS at most, so that the RQ job never outlives its time-out; what is due
    after that is woken again by the sweeper. The leases of what runs are renewed meanwhile.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    threads = threads or app.extensions["queue_threads"].get(queue, 1)
    registry.register_subscribers()
    started = renewed = time.monotonic()
    worked = 0
    running: dict[Future[None], Claim] = {}
    pool = ThreadPoolExecutor(threads, thread_name_prefix=queue)
    try:
        while (now := time.monotonic()) < started + CLAIM_SECONDS + FINISH_SECONDS:
            if now < started + CLAIM_SECONDS and not stopping.is_set():
                for claim in _claim(queue, threads - len(running)):
                    running[pool.submit(_work, app, claim)] = claim
                    worked += 1
            if not running:
                break
            if now > renewed + RENEW_SECONDS:
                _renew(list(running.values()))
                renewed = now
            # Look again soon even if nothing ended: something new may be due meanwhile.
            ended, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in ended:
                del running[future]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    _tell_of_unknown(queue)
    return worked


def _claim(queue: str, limit: int) -> list[Claim]:
    """A database that is away ends the claiming, never what runs already."""
    if limit < 1:
        return []
    try:
        return leases.claim(queue, limit)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        log.warning("nothing claimed from %s: %s", queue, error)
        return []


def _tell_of_unknown(queue: str) -> None:
    try:
        unknown.tell(queue)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        log.warning("what %s holds and is not known here was not looked at: %s", queue, error)


def _renew(claims: list[Claim]) -> None:
    try:
        leases.renew(claims)
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        log.warning("leases not renewed: %s", error)


def _work(app: Flask, claim: Claim) -> None:
    with app.app_context():
        try:
            perform(claim)
        finally:
            db.session.remove()


def perform(claim: Claim) -> None:
    """Do what one claimed message asks for, and say how it ended. Never raises an Exception."""
    command = commands()[claim.command]  # nothing else was claimed
    try:
        is_done = command.run(claim.subject, claim)
    except Later as later:
        log.info("%s %s: again in %s s (%s)", claim.command, claim.subject, later.seconds, later)
        leases.put_off(claim, later.seconds, later.reason, is_try=later.is_try)
    except Exception as error:
        log.exception("%s %s failed", claim.command, claim.subject)
        db.session.rollback()
        leases.fail(claim, command, error)
    else:
        if not is_done:
            leases.finish(claim)
