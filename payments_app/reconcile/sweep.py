"""The sweeper: stages what the schedule says, wakes queues that have due messages, and works on a
small queue of its own. It needs the database alone: a lost wake-up costs one round."""

from __future__ import annotations

import logging
import threading

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from payments_app.core.db.session import CommitOutcomeUnknownError
from payments_app.core.extensions import db
from payments_app.core.jobs import due, outbox, wake_up
from payments_app.core.jobs.heartbeats import Heart
from payments_app.core.jobs.runner import run_due_messages, runner_of
from payments_app.core.jobs.scheduler import Scheduler

log = logging.getLogger(__name__)

LONGEST_SECONDS, SHORTEST_SECONDS = 1.0, 0.2  # between two rounds
OWN_THREADS = 4


def run(stop: threading.Event, *, once: bool = False) -> None:
    """Go rounds until `stop` is set: one a second, or sooner where a message's time comes sooner.

    A database or a Redis that is away is waited for: the sweeper is the last one to give up.
    """
    scheduler, own_due, heart = Scheduler(), threading.Event(), Heart(outbox.SWEEPER)
    if once:
        _round(scheduler, own_due)
        run_due_messages(outbox.SWEEPER, OWN_THREADS)
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # A thread of its own: a mail server that hangs may not hold up the wake-ups.
    own = threading.Thread(target=_work, args=(app, stop, own_due), name="own", daemon=True)
    own.start()
    while not stop.is_set():
        heart.beat()
        stop.wait(_round(scheduler, own_due))
    own.join(LONGEST_SECONDS)
    runner_of(outbox.SWEEPER, OWN_THREADS).leave()


def _round(scheduler: Scheduler, own_due: threading.Event) -> float:
    """One round; the seconds until the next."""
    try:
        scheduler.stage_due()
        for queue in due.due_queues(db.session()):
            if queue == outbox.SWEEPER:
                own_due.set()
            else:
                wake_up.wake(queue, "sweep")
        due_at, now = due.next_due_at(db.session())
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        log.warning("this round of the sweep broke off: %s", error)
        return LONGEST_SECONDS
    finally:
        db.session.remove()
    pause = (due_at - now).total_seconds() if due_at else LONGEST_SECONDS
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, pause))


def _work(app: Flask, stop: threading.Event, due: threading.Event) -> None:
    """Work on the sweeper's own queue whenever something is due in it."""
    while not stop.is_set():
        if not due.wait(LONGEST_SECONDS):
            continue
        due.clear()
        with app.app_context():
            try:
                run_due_messages(outbox.SWEEPER, OWN_THREADS)
            except CommitOutcomeUnknownError as error:
                log.warning("the claimed messages come back by themselves: %s", error)
            finally:
                db.session.remove()
