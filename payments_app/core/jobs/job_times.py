"""job_times: how long each job takes, of three days: how often it ran, its median, the slowest.

A row for each run would be more than the runs themselves write. So a process counts in its memory
how many runs of a job ended within a class of milliseconds, each a fifth longer than the one
before, and adds that to the day's rows every STORE_SECONDS, by one statement. The median is right
to a tenth. A worker that is killed takes its last seconds along: these figures decide nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import current_app
from sqlalchemy import Date, Executable, String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import CommitOutcomeUnknownError, at_once
from payments_app.core.extensions import Base

log = logging.getLogger(__name__)

DAYS = 3
STORE_SECONDS = 10.0
_WIDER = 1.2  # each class than the one before
Run = tuple[str, int]  # a command and a class


class JobTime(Base):
    """Of one `day` in UTC: how many runs of a job lasted within one class of milliseconds, how many
    of these `failed`, and the longest of them. A run that put its work off did not fail."""

    __tablename__ = "pay_job_times"

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    command: Mapped[str] = mapped_column(String(80), primary_key=True)
    time_class: Mapped[int] = mapped_column(primary_key=True)
    runs: Mapped[int] = mapped_column(BIGINT)
    failed: Mapped[int] = mapped_column(BIGINT)
    slowest: Mapped[int]


@dataclass
class _Counted:
    runs: int = 0
    failed: int = 0
    slowest: int = 0


class Times:
    """The runs of one process that are not stored yet. Threads share it."""

    def __init__(self, queue: str) -> None:
        self._queue, self._lock = queue, threading.Lock()
        self._counted: dict[Run, _Counted] = defaultdict(_Counted)
        self._next = time.monotonic() + STORE_SECONDS

    def note(self, command: str, seconds: float, *, failed: bool) -> None:
        """Count a run."""
        milliseconds = round(seconds * 1000)
        with self._lock:
            counted = self._counted[command, class_of(milliseconds)]
            counted.runs += 1
            counted.failed += failed
            counted.slowest = max(counted.slowest, milliseconds)

    def store(self, *, at_end: bool = False) -> None:
        """Add them to the day's, where the last ones were STORE_SECONDS ago. A database that is
        away loses them."""
        if not at_end and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + STORE_SECONDS
        with self._lock:
            counted, self._counted = self._counted, defaultdict(_Counted)
        if not counted:
            return
        try:
            at_once(_added(self._queue, counted))
        except (SQLAlchemyError, CommitOutcomeUnknownError) as error:
            log.warning("the times of %s are not stored: %s", self._queue, error)


def _added(queue: str, counted: dict[Run, _Counted]) -> Executable:
    """In one order of rows, so that two processes never wait for each other."""
    on_postgresql = current_app.extensions["engine"].dialect.name == "postgresql"
    day = utcnow().date()
    insert = (postgresql.insert if on_postgresql else sqlite.insert)(JobTime).values(
        [
            {"day": day, "queue": queue, "command": command, "time_class": number, **vars(one)}
            for (command, number), one in sorted(counted.items(), key=lambda item: item[0])
        ]
    )
    more = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["day", "queue", "command", "time_class"],
        set_={
            "runs": JobTime.runs + more.runs,
            "failed": JobTime.failed + more.failed,
            "slowest": case((more.slowest > JobTime.slowest, more.slowest), else_=JobTime.slowest),
        },
    ).returning(JobTime.runs)


def class_of(milliseconds: int) -> int:
    """The number of the class that so many milliseconds are in."""
    return math.ceil(math.log(max(1, milliseconds), _WIDER))


def middle_of(number: int) -> int:
    """Milliseconds in the middle of a class."""
    return max(1, round(math.pow(_WIDER, number - 0.5)))


@dataclass(frozen=True)
class JobFigures:
    """Of one job, over DAYS; `median` and `slowest` in milliseconds. `by_day`: the median of each
    day, the newest first, None where it did not run."""

    queue: str
    command: str
    runs: int
    failed: int
    median: int
    slowest: int
    by_day: Sequence[int | None]


def job_figures(session: Session) -> list[JobFigures]:
    """Every job that ran within today and the days before it, DAYS in all."""
    today = utcnow().date()
    days = [today - dt.timedelta(days=number) for number in range(DAYS)]
    rows = session.scalars(
        select(JobTime)
        .where(JobTime.day >= days[-1])
        .order_by(JobTime.queue, JobTime.command, JobTime.time_class, JobTime.day)
        .execution_options(populate_existing=True)
    )
    return [
        _figures(queue, command, list(times), days)
        for (queue, command), times in groupby(rows, lambda row: (row.queue, row.command))
    ]


def _figures(queue: str, command: str, times: list[JobTime], days: Sequence[dt.date]) -> JobFigures:
    return JobFigures(
        queue,
        command,
        sum(row.runs for row in times),
        sum(row.failed for row in times),
        _median(times) or 0,
        max(row.slowest for row in times),
        [_median([row for row in times if row.day == day]) for day in days],
    )


def _median(times: Iterable[JobTime]) -> int | None:
    """From the middle of the class that half of the runs reach, and never above the slowest. The
    rows come from the fastest class on."""
    times = list(times)
    left = sum(row.runs for row in times) / 2
    for row in times:
        left -= row.runs
        if left <= 0:
            return min(row.slowest, middle_of(row.time_class))
    return None


def forget_times() -> Executable:
    """The statement that deletes what no page shows any more."""
    return delete(JobTime).where(JobTime.day <= utcnow().date() - dt.timedelta(days=DAYS))
