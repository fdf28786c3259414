"""The sweeper: rings for what is due and nobody works on. What the bell lost costs a round."""

from __future__ import annotations

import itertools
import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from payments_app.core import bell, outbox
from payments_app.core.database import CommitOutcomeUnknownError
from payments_app.core.extensions import db
from payments_app.reconcile.revive import revive
from payments_app.reconcile.rounds import Schedule

log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0
REVIVE_EVERY = 30  # rounds


def run(stop: threading.Event, *, once: bool = False) -> None:
    """Ring each queue that has due messages, once every ROUND_SECONDS, until `stop` is set; stage
    the comparisons that are due, and revive what is stuck.

    A database or a Redis that is away is waited for: the sweeper is the last one to give up.
    """
    schedule = Schedule()
    for number in itertools.count():
        if stop.is_set():
            return
        try:
            schedule.tick()
            if number % REVIVE_EVERY == 0:
                revive()
            for queue in _due():
                bell.ring(queue, "sweep")
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            log.warning("the sweep could not reach the database: %s", error)
        finally:
            db.session.remove()
        if once:
            return
        stop.wait(ROUND_SECONDS)


def _due() -> list[str]:
    return outbox.due_queues(db.session())
