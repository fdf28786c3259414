"""Jobs of a test's own, messages for them, and hands that do what is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Command, Policy
from payments_app.core.jobs.counters import JobCounters
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.runner import run_due_messages
from tests.own_database import expect_failure

T = TypeVar("T")
Job = Callable[[str, Claim], None]


class JobDriver:
    """Every method leaves the session clean."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        app.extensions["commands"] = dict(app.extensions["commands"])

    def job(
        self,
        name: str,
        run: Job,
        queue: str = "default",
        waits: tuple[float, ...] = (),
        *,
        unique_while_open: bool = False,
    ) -> None:
        self.app.extensions["commands"][name] = Command(
            run, queue, Policy(waits), unique_while_open
        )

    def failing(self, name: str, queue: str = "default", waits: tuple[float, ...] = ()) -> None:
        """A job that raises, which is thereby said."""
        expect_failure(name)
        self.job(name, _fail, queue, waits)

    def stage(self, command: str, subject: str = "it", key: str | None = None) -> bool:
        return _stage(command, subject, key)

    def work(self, queue: str = "default") -> int:
        return run_due_messages(queue)

    def make_due(self) -> None:
        """As if the time of all that is put off had come."""
        _make_due()

    def dead_letter(
        self, command: str = "test.fails", subject: str = "it", queue: str = "default"
    ) -> int:
        """A dead letter; its id."""
        self.failing(command, queue)
        self.stage(command, subject)
        self.work(queue)
        return self.message(command, subject).id

    def message(self, command: str, subject: str = "it") -> Message:
        return self.messages(command, subject)[0]

    def messages(self, command: str, subject: str | None = None) -> list[Message]:
        query = select(Message).where(Message.command == command).order_by(Message.id)
        return _read(query.where(Message.subject == subject) if subject else query)

    def alerts(self) -> list[Alert]:
        return _read(select(Alert).order_by(Alert.id))

    def counters(self, command: str) -> JobCounters:
        return _read(select(JobCounters).where(JobCounters.command == command))[0]

    def history(self, what: str) -> list[HistoryEntry]:
        return _read(select(HistoryEntry).where(HistoryEntry.what == what))


def _read(query: Select[T]) -> list[T]:
    """As it stands now; a snapshot that stayed open would hide what a request writes next."""
    db.session.rollback()
    found = list(db.session.scalars(query.execution_options(populate_existing=True)))
    db.session.commit()
    return found


def _fail(_subject: str, _claim: Claim) -> None:
    raise RuntimeError("the cause")


@atomic
def _stage(session: Session, command: str, subject: str, key: str | None) -> bool:
    return outbox.stage(session, command, subject, key=key)


@atomic
def _make_due(session: Session) -> None:
    session.execute(update(Message).where(*outbox.OPEN).values(available_at=database_now(-1)))
