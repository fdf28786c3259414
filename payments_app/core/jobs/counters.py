"""counters: totals by job that only ever rise: retries, times put off, deaths, beginnings.

Counted in the database with the change itself, so that they survive every restart and are the
same whichever process is asked. Beginnings alone are stored up to a second later: a charge waits
for no counting, and a worker that is killed takes the last of them along.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import insert_once
from payments_app.core.extensions import Base

BY_JOB, BY_LOOK = "job", "look"  # what a message was begun by


class JobCounters(Base):
    """`retries` after a failure, `put_off` in order (Later), `deaths`; since the first release.
    Begun `by_job`, an RQ job that woke the worker, or `by_look`, since the worker looked itself."""

    __tablename__ = "pay_job_counters"

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    command: Mapped[str] = mapped_column(String(80), primary_key=True)
    retries: Mapped[int] = mapped_column(BIGINT, default=0)
    put_off: Mapped[int] = mapped_column(BIGINT, default=0)
    deaths: Mapped[int] = mapped_column(BIGINT, default=0)
    by_job: Mapped[int] = mapped_column(BIGINT, default=0, server_default="0")
    by_look: Mapped[int] = mapped_column(BIGINT, default=0, server_default="0")


def count(
    session: Session,
    queue: str,
    command: str,
    *,
    retries: int = 0,
    put_off: int = 0,
    deaths: int = 0,
) -> None:
    """Add to a job's counters in the caller's transaction."""
    _add(session, queue, command, {"retries": retries, "put_off": put_off, "deaths": deaths})


def count_started(session: Session, queue: str, started: Mapping[tuple[str, str], int]) -> None:
    """Add so many beginnings, by command and by what, in the caller's transaction."""
    for (command, by), times in sorted(started.items()):
        _add(session, queue, command, {f"by_{by}": times})


def _add(session: Session, queue: str, command: str, more: Mapping[str, int]) -> None:
    insert_once(session, JobCounters, queue=queue, command=command, retries=0, put_off=0, deaths=0)
    session.execute(
        update(JobCounters)
        .where(JobCounters.queue == queue, JobCounters.command == command)
        .values({name: getattr(JobCounters, name) + times for name, times in more.items()})
    )
