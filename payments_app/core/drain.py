"""The one RQ job: claim what is due in a queue and do it, on as many threads as the queue has."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from flask import Flask, current_app

from payments_app.core import leases
from payments_app.core.extensions import db
from payments_app.core.outbox import Claim, Later, commands

log = logging.getLogger(__name__)

CLAIM_SECONDS = 30  # then what runs has 50 s to end, within the job's 120
FINISH_SECONDS = 50
stopping = threading.Event()  # set at warm shutdown: claim nothing more, finish what runs


def drain(queue: str) -> int:
    """Do all that is due in `queue`; return how many messages were worked on.

    Claims for CLAIM_SECONDS at most, so that the RQ job never outlives its time-out; what is due
    after that is rung for again by the sweeper.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    threads = app.extensions["queue_threads"].get(queue, 1)
    deadline = time.monotonic() + CLAIM_SECONDS
    worked = 0
    running: set[Future[None]] = set()
    pool = ThreadPoolExecutor(threads, thread_name_prefix=queue)
    try:
        while not stopping.is_set() and time.monotonic() < deadline:
            claims = leases.claim(queue, threads - len(running)) if len(running) < threads else []
            running |= {pool.submit(_work, app, claim) for claim in claims}
            worked += len(claims)
            if not running:
                break
            # Look again soon even if nothing ended: something new may be due meanwhile.
            _, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
        wait(running, timeout=FINISH_SECONDS)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return worked


def _work(app: Flask, claim: Claim) -> None:
    with app.app_context():
        try:
            perform(claim)
        finally:
            db.session.remove()


def perform(claim: Claim) -> None:
    """Do what one claimed message asks for, and say how it ended. Never raises an Exception."""
    command = commands().get(claim.command)
    try:
        if command is None:
            raise LookupError(f"this release knows no command {claim.command!r}")
        command.run(claim.subject, claim)
    except Later as later:
        log.info("%s %s: again in %s s (%s)", claim.command, claim.subject, later.seconds, later)
        leases.put_off(claim, later.seconds, later.reason)
    except Exception as error:
        log.exception("%s %s failed", claim.command, claim.subject)
        db.session.rollback()
        leases.fail(claim, command, f"{type(error).__name__}: {error}")
    else:
        leases.finish(claim)
