"""A worker of one queue which also knows a slow bulk job: `python -m bench.bulk_worker reports`."""

from __future__ import annotations

import os
import sys
import time

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app import create_app
from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Command
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.worker import run
from payments_app.queues import BACKGROUND_QUEUES

SLOW_SECONDS = 0.25
LATE = "bench.late"


def slow(_subject: str, _claim: Claim) -> None:
    """A piece of a long report."""
    time.sleep(SLOW_SECONDS)


@atomic
def note_lateness(session: Session, subject: str, claim: Claim) -> None:
    """Keep how many seconds after its time this message is worked on."""
    due, now = session.execute(
        select(Message.available_at, database_now()).where(Message.id == claim.message_id)
    ).one()
    seconds = (now - due).total_seconds()
    history.record(session, "system", LATE, subject=subject, seconds=seconds)


def know_bench_jobs(app: Flask) -> None:
    """Let an application, ours or the worker's, know the jobs above."""
    app.extensions["commands"] = {
        **app.extensions["commands"],
        "bench.default": Command(slow, "default"),
        "bench.reports": Command(slow, "reports"),
        "bench.late": Command(note_lateness, "charges"),
    }


if __name__ == "__main__":
    application = create_app()
    know_bench_jobs(application)
    if sys.argv[1] in BACKGROUND_QUEUES:
        os.nice(10)
    run(application, sys.argv[1])
