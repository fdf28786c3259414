"""Periodic jobs: a message for each period, staged by whichever sweeper comes first.

The outbox gives what a schedule needs: the key `<name>@<period>` is unique, so every period has
one message across any number of machines; the message is leased, retried and dead-lettered like
others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.core.restores import is_restoring

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Periodic:
    """Run `command` once every `seconds`, counted from `offset` seconds after midnight UTC."""

    name: str
    command: str
    seconds: int
    offset: int = 0

    def period(self, epoch_seconds: float) -> int:
        """The number of the period that a moment lies in."""
        return int(epoch_seconds - self.offset) // self.seconds


class Scheduler:
    """What one sweeper knows to be staged: it asks the database only when a period begins."""

    def __init__(self) -> None:
        self._staged: dict[str, int] = {}

    def stage_due(self) -> None:
        """Stage every periodic job whose period began, by the database's clock; none while a
        restore is open."""
        moment, closed = db.session().execute(select(database_now(), is_restoring())).one()
        if closed:
            return
        now = moment.timestamp()
        for job in schedule():
            period = job.period(now)
            if self._staged.get(job.name) != period:
                _stage(job, period)
                self._staged[job.name] = period


def schedule() -> Iterable[Periodic]:
    """The periodic jobs that the application was built with."""
    jobs: Iterable[Periodic] = current_app.extensions["schedule"]
    return jobs


def without_subject(function: Callable[[], object]) -> Callable[[str, Claim], None]:
    """A command of a function that takes no subject."""

    def run(_subject: str, _claim: Claim) -> None:
        function()

    return run


@atomic
def _stage(session: Session, job: Periodic, period: int) -> None:
    if outbox.stage(session, job.command, job.name, key=f"{job.name}@{period}"):
        log.info("%s is due, period %d", job.name, period)
