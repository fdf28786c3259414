"""last_runs: when each periodic job last ended, and how its next run stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.scheduler import Periodic


@dataclass(frozen=True)
class LastRun:
    """One periodic job. `waiting` are its periods that are staged and not done."""

    name: str
    every_seconds: int
    done_at: dt.datetime | None
    waiting: int
    dead: int


def last_runs(session: Session, jobs: Iterable[Periodic]) -> list[LastRun]:
    """Every job of the schedule, whether it ever ran or not."""
    jobs = list(jobs)
    rows = session.execute(
        select(
            Message.command,
            func.max(Message.done_at),
            func.count() - func.count(Message.done_at) - func.count(Message.dead_at),
            func.count(Message.dead_at) - func.count(Message.discarded_at),
        )
        .where(
            Message.command.in_([job.command for job in jobs]),
            Message.subject.in_([job.name for job in jobs]),
        )
        .group_by(Message.command)
    )
    known = {row[0]: row[1:] for row in rows}
    return [LastRun(j.name, j.seconds, *known.get(j.command, (None, 0, 0))) for j in jobs]
