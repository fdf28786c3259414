"""watch: look at queues and both Redis, raise an alert for what is wrong, and close what is right
again.

Runs in the sweeper, which needs no Redis and no worker: it is these that it watches. The first
time is at the sweeper's start.
"""

from __future__ import annotations

import logging

from flask import current_app
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import heartbeats, unknown
from payments_app.core.jobs.scheduler import schedule
from payments_app.ops import dead_letters, diagnosis, measures, redis_state
from payments_app.ops.close_alerts import close_gone
from payments_app.ops.diagnosis import Trouble
from payments_app.ops.incident import ERRORS, REFUSES, SLOW, measure
from payments_app.ops.notice_end import stage_look

log = logging.getLogger(__name__)

# The rest raise alerts of their own as they happen, or are for the page alone.
_WORTH_AN_ALERT = ("late:", "redis:", "stripe_slow:", "differs:")
_NAMED = 3  # processes
DEPLOY_SECONDS = 900  # a deploy has old and new processes side by side


def watch() -> list[Trouble]:
    """Look once; return all that is wrong, having raised an alert for what nobody else does."""
    found = look()
    worth = [trouble for trouble in found if trouble.key.startswith(_WORTH_AN_ALERT)]
    if worth:
        _raise(worth)
    _look_for_the_end()
    dead_letters.discard_made_good(schedule())
    close_gone(found)
    unknown.call()
    return found


def check_redis() -> None:
    """As a worker starts: raise an alert for a Redis that may lose its jobs. A database that does
    not answer yet stops no worker: the sweeper looks again."""
    states = redis_state.inspect(current_app.config["CONFIG"])
    found = diagnosis.troubles([], {}, {}, measures.BreakerState(False, 0, 0), states)
    for trouble in found:
        log.warning("%s", trouble.what)
    try:
        if found:
            _raise(found)
    except DBAPIError as error:
        log.warning("no alert could be stored: %s", error.orig)


def look() -> list[Trouble]:
    """All that is wrong now."""
    session = db.session()
    found = diagnosis.troubles(
        measures.loads(session),
        measures.dead(session),
        current_app.extensions["queue_threads"],
        measures.breaker_state(session),
        redis_state.inspect(current_app.config["CONFIG"]),
    )
    now = measure(session)
    if now is not None and now.kind in (REFUSES, ERRORS, SLOW):
        found.append(Trouble(f"stripe_slow:{now.kind}", now.what, now.by_itself))
    return found + differing(session)


def differing(session: Session) -> list[Trouble]:
    """Processes that were not built as the newest one, a while after they were started."""
    beats = heartbeats.recent(session, DEPLOY_SECONDS)
    apart = heartbeats.differences(beats, beats[0].knows) if beats else []
    meaning = "Start them from one application and release, with the same settings."
    words = " ".join(apart[:_NAMED])
    if len(apart) > _NAMED:
        words += f" {len(apart) - _NAMED} more differ, too."
    return [Trouble("differs:processes", words, meaning)] if apart else []


@atomic
def _look_for_the_end(session: Session) -> None:
    stage_look(session)


@atomic
def _raise(session: Session, found: list[Trouble]) -> None:
    for trouble in found:
        alerts.raise_alert(
            session,
            trouble.key.partition(":")[0],
            trouble.key,
            f"{trouble.what} {trouble.meaning}",
            severity="critical" if trouble.critical else "warning",
        )
