"""The sweeper: rings for what is due and nobody works on. What the bell lost costs a round."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from payments_app.core import bell, outbox
from payments_app.core.extensions import db

log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0


def run(stop: threading.Event, *, once: bool = False) -> None:
    """Ring each queue that has due messages, once every ROUND_SECONDS, until `stop` is set.

    A database or a Redis that is away is waited for: the sweeper is the last one to give up.
    """
    while not stop.is_set():
        try:
            for queue in _due():
                bell.ring(queue, "sweep")
        except SQLAlchemyError as error:
            log.warning("the sweep could not read the outbox: %s", error)
        finally:
            db.session.remove()
        if once:
            return
        stop.wait(ROUND_SECONDS)


def _due() -> list[str]:
    return outbox.due_queues(db.session())
