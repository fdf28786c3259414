"""The sweeper: stages what the schedule says, wakes queues that have due messages, and works on a
small queue of its own. It needs the database alone: a lost wake-up costs one round."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from payments_app.core.db.session import CommitOutcomeUnknownError
from payments_app.core.extensions import db
from payments_app.core.jobs import due, outbox, wake_up
from payments_app.core.jobs.heartbeats import Heart
from payments_app.core.jobs.room import Room
from payments_app.core.jobs.runner import run_due_messages, runner_of
from payments_app.core.jobs.scheduler import Scheduler
from payments_app.core.outages import DATABASE, in_a_line

log = logging.getLogger(__name__)

LONGEST_SECONDS, SHORTEST_SECONDS = 1.0, 0.2  # between two rounds
HANGS_SECONDS = 15.0  # a round that takes longer waits for a database that does not answer
OWN_THREADS = 4


class _Rounds:
    """What the rounds tell the threads beside them."""

    def __init__(self) -> None:
        self.own_due = threading.Event()
        self.error: str | None = None  # of the last round
        self.ended = False  # whether one did
        self.since = time.monotonic()  # began the one under way

    def problem(self) -> str | None:
        """Why the database is not worked with; None while it is."""
        lasts = time.monotonic() - self.since
        return f"no answer for {lasts:.0f} s" if lasts > HANGS_SECONDS else self.error


def run(
    stop: threading.Event,
    *,
    once: bool = False,
    note: Callable[[str | None], None] | None = None,
) -> None:
    """Go rounds until `stop` is set: one a second, or sooner where a message's time comes sooner.

    A database or a Redis that is away is waited for: the sweeper is the last one to give up.
    `note` is told each second whether the database is, and may take its time.
    """
    scheduler, rounds, heart = Scheduler(), _Rounds(), Heart(outbox.SWEEPER)
    if once:
        _round(scheduler, rounds)
        run_due_messages(outbox.SWEEPER, OWN_THREADS)
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # A thread of its own: a mail server that hangs may not hold up the wake-ups.
    own = threading.Thread(target=_work, args=(app, stop, rounds.own_due), name="own", daemon=True)
    own.start()
    if note is not None:
        beside = threading.Thread(target=_note, args=(app, stop, rounds, note), daemon=True)
        beside.start()
    while not stop.is_set():
        heart.beat()
        stop.wait(_round(scheduler, rounds))
    heart.end()
    own.join(LONGEST_SECONDS)
    runner_of(outbox.SWEEPER, OWN_THREADS).leave()


def _round(scheduler: Scheduler, rounds: _Rounds) -> float:
    """One round; the seconds until the next."""
    rounds.since = time.monotonic()
    try:
        scheduler.stage_due()
        for queue in due.due_queues(db.session()):
            if queue == outbox.SWEEPER:
                rounds.own_due.set()
            else:
                wake_up.wake(queue, "sweep")
        due_at, now = due.next_due_at(db.session())
    except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
        DATABASE.failed(error)
        rounds.error, rounds.ended = in_a_line(error), True
        return LONGEST_SECONDS
    finally:
        db.session.remove()
        rounds.since = time.monotonic()
    rounds.error, rounds.ended = None, True
    pause = (due_at - now).total_seconds() if due_at else LONGEST_SECONDS
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, pause))


def _note(
    app: Flask, stop: threading.Event, rounds: _Rounds, note: Callable[[str | None], None]
) -> None:
    room = Room()
    while not stop.wait(LONGEST_SECONDS):
        problem = rounds.problem()
        if problem is not None or rounds.ended:
            with app.app_context():
                note(problem or room.problem())


def _work(app: Flask, stop: threading.Event, due: threading.Event) -> None:
    """Work on the sweeper's own queue whenever something is due in it."""
    with app.app_context():
        times = runner_of(outbox.SWEEPER, OWN_THREADS).times
    while not stop.is_set():
        with app.app_context():
            times.store()
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
