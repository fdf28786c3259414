"""A newer release: messages and commands that the process at hand does not know."""

from __future__ import annotations

import itertools

from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app import create_app
from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import due, outbox
from payments_app.core.jobs.command import Claim, Command, Subscriber
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.runner import run_due_messages
from payments_app.payments.follow_up_names import AFTER_PAYMENT, command_of, follow_up_of
from tests.queues.job_driver import JobDriver

_numbers = itertools.count()


def nothing(_subject: str, _claim: Claim) -> None:
    pass


class Plugin:
    """The same product with one command more, which follows events: its `runs` are counted."""

    def __init__(self, settings: dict[str, str], *events: str) -> None:
        from payments_app.config import Config

        self.app = create_app(Config.from_env(settings))
        self.runs: list[str] = []
        self.know(*events)

    def know(self, *events: str, queue: str = "default", name: str = "plugin.note") -> None:
        mine = Command(lambda subject, _claim: self.runs.append(subject), queue)
        self.app.extensions["commands"] = self.app.extensions["commands"] | {name: mine}
        table = self.app.extensions["events"]
        self.app.extensions["events"] = table | {
            event: (*table.get(event, ()), Subscriber(name)) for event in events
        }

    def know_kind(self, kind: str) -> None:
        commands = self.app.extensions["payable_commands"]()
        known = {follow_up_of(kind): commands[follow_up_of("order")]}
        self.app.extensions["payable_commands"] = lambda: commands | known

    def follow(self, kind: str, method: str = AFTER_PAYMENT) -> None:
        """Let payables of a kind follow their payments, or their refunds."""
        mine = Command(lambda subject, _claim: self.runs.append(subject), "payment_standard")
        commands = self.app.extensions["payable_commands"]() | {command_of(kind, method): mine}
        self.app.extensions["payable_commands"] = lambda: commands

    def start(self, queue: str = "default") -> None:
        """A process of it starts, does what is due, and ends."""
        with self.app.app_context():
            run_due_messages(queue)
            db.session.remove()


def stage_unknown(job_driver: JobDriver, subject: str = "it", queue: str = "default") -> None:
    """A message of a newer release."""
    job_driver.job("newer.job", nothing, queue)
    job_driver.stage("newer.job", subject, key=f"{subject}-{next(_numbers)}")
    del job_driver.app.extensions["commands"]["newer.job"]


def wait_for_a_while(job_driver: JobDriver) -> None:
    age(due.UNKNOWN_SECONDS + 5)


def told(job_driver: JobDriver) -> list[tuple[str, int]]:
    return [(alert.key, alert.times) for alert in job_driver.alerts() if alert.kind != "redis"]


def left_alone(message: Message) -> bool:
    ended = (message.done_at, message.dead_at, message.leased_until)
    counts = (message.claims, message.tries, message.failures, message.epoch)
    return ended == (None, None, None) and counts == (0, 0, 0, 0)


@atomic
def age(session: Session, seconds: float, command: str | None = None) -> None:
    waiting = update(Message).where(*outbox.OPEN)
    if command:
        waiting = waiting.where(Message.command == command)
    session.execute(waiting.values(available_at=database_now(-seconds)))


@atomic
def raise_one(session: Session, key: str) -> None:
    alerts.raise_alert(session, "test", key, "words")
