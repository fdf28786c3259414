"""counters: totals by job that only ever rise: retries, times put off, deaths.

Counted in the database with the change itself, so that they survive every restart and are the
same whichever process is asked.
"""

from __future__ import annotations

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import insert_once
from payments_app.core.extensions import Base


class JobCounters(Base):
    """`retries` after a failure, `put_off` in order (Later), `deaths`; since the first release."""

    __tablename__ = "pay_job_counters"

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    command: Mapped[str] = mapped_column(String(80), primary_key=True)
    retries: Mapped[int] = mapped_column(BIGINT, default=0)
    put_off: Mapped[int] = mapped_column(BIGINT, default=0)
    deaths: Mapped[int] = mapped_column(BIGINT, default=0)


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
    insert_once(session, JobCounters, queue=queue, command=command, retries=0, put_off=0, deaths=0)
    session.execute(
        update(JobCounters)
        .where(JobCounters.queue == queue, JobCounters.command == command)
        .values(
            retries=JobCounters.retries + retries,
            put_off=JobCounters.put_off + put_off,
            deaths=JobCounters.deaths + deaths,
        )
    )
