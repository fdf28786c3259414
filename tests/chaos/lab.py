"""The app in this process, its work done step by step, each step a place to die.

A step is one side of a database transaction or of a call to Stripe. At a chosen one the worker
dies (an exception that nothing catches), or a second copy of it overtakes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from chaos import books
from chaos.invariants import ALWAYS, DRAINED, Invariant, Violation, violations
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, runner
from payments_app.core.jobs.outbox import OPEN, Message
from tests.chaos import steps
from tests.payments.driver import PaymentDriver

QUEUES = ("charges", "payment_critical", "payment_standard")
ROUNDS = 40
# What may be hurried: a deadline comes only when its time is over.
_DEADLINES = ("settlement.close", "expire_action")
_HURRIED = (Message.queue.in_(QUEUES), Message.command.not_in(_DEADLINES), *OPEN)
_CHECK_SECONDS = 31 * 60  # after which an abandoned bank's check is over


_TIMES = {
    "transactions": ("created_at", "phase_at", "create_sent_at", "confirm_sent_at"),
    "refunds": ("created_at", "state_at", "sent_at"),
    "outbox": ("available_at", "leased_until"),
}


class Died(BaseException):
    """The worker's process is gone: nothing may catch this and go on."""


class Lab:
    """A driver whose workers can die at any step."""

    def __init__(self, driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.driver = driver
        self.steps: list[str] = []
        self._at: Callable[[int, str], None] | None = None
        self._working = False
        self._thread = threading.get_ident()
        self.forget()
        steps.hook(monkeypatch.setattr, self._step)

    def forget(self) -> None:
        """What Stripe has until now is of no account any more."""
        self._before = {
            thing["id"] for kind in ("payment_intents", "refunds") for thing in self._listed(kind)
        }

    def _step(self, name: str) -> None:
        if self._at is None or not self._working or threading.get_ident() != self._thread:
            return
        self.steps.append(name)
        self._at(len(self.steps), name)

    @contextmanager
    def watched(self, at: Callable[[int, str], None] = lambda *_: None) -> Iterator[None]:
        """Count the steps of the workers meanwhile, and call `at(number, name)` at each."""
        self.steps.clear()
        self._at = at
        try:
            yield
        finally:
            self._at = None

    def work(self, *queues: str) -> None:
        """Do what is due, one message at a time, in this very thread; a worker may die of it, and
        the next one finds its lease run out."""
        for queue in queues or QUEUES:
            for _ in range(ROUNDS):
                if not self._work_once(queue):
                    break
            db.session.remove()

    def _work_once(self, queue: str) -> bool:
        self._working = True
        try:
            claims = leases.claim(queue, 1)
            for claim in claims:
                runner.perform(claim)
        except Died:
            self._working = False
            self.leave_as_killed()
            return True
        finally:
            self._working = False
        return bool(claims)

    def is_open(self, queue: str) -> bool:
        """Whether something of this queue is still to be done now; what is put off is not."""
        db.session.rollback()
        return _open_messages(queue, due=True) > 0

    def overtake(self) -> None:
        """A second copy does all that is leased or due, to the end, while this one stands still."""
        copy = threading.Thread(target=self._overtake, name="second copy")
        copy.start()
        copy.join()

    def _overtake(self) -> None:
        with self.driver.app.app_context():
            _expire_leases()
            for queue in QUEUES:
                while claims := leases.claim(queue, 1):
                    for claim in claims:
                        runner.perform(claim)
            db.session.remove()

    def leave_as_killed(self) -> None:
        """What a dead process leaves: its transaction rolled back, its leases run out in time."""
        db.session.remove()
        _expire_leases()

    def finish(self) -> None:
        """Stripe is well again, all that waits is due, bank's checks are abandoned, until nothing
        is left to do."""
        self.driver.mend_stripe()
        self._work_off()
        for transaction in self.read().transactions:
            if transaction["phase"] == "requires_action":
                self.driver.age(transaction["id"], _CHECK_SECONDS)
        self.driver.make_due("expire_action")
        self._work_off()

    def _work_off(self) -> None:
        for _ in range(ROUNDS):
            self.driver.close_breaker_time()
            _make_all_due()
            self.work()
            if not _open_messages():
                return

    def pass_time(self, minutes: int) -> None:
        """So many minutes go by for everything that is open."""
        _pass_time(minutes)
        self.driver.close_breaker_time()

    def broken(self, invariants: tuple[Invariant, ...] = DRAINED) -> list[Violation]:
        """How the books break what must hold."""
        return violations(self.read(), invariants)

    def broken_now(self) -> list[Violation]:
        return self.broken(ALWAYS)

    def read(self) -> books.Books:
        db.session.remove()
        return books.read(db.engine, self._own)

    def told(self) -> list[dict[str, Any]]:
        """Stripe's events about what is of account now, newest first."""
        listed = self.driver.sandbox("GET", "/v1/events?limit=60")["data"]
        objects = [(event, event["data"]["object"]) for event in listed]
        return [
            event
            for event, thing in objects
            if not {thing["id"], thing.get("payment_intent")} & self._before
        ]

    def _own(self, kind: str) -> list[books.Row]:
        return [thing for thing in self._listed(kind) if thing["id"] not in self._before]

    def _listed(self, kind: str) -> list[books.Row]:
        return books.lister(lambda path: self.driver.sandbox("GET", path))(kind)


@atomic
def _expire_leases(session: Session) -> None:
    session.execute(
        update(Message)
        .where(Message.leased_until.is_not(None), *OPEN)
        .values(leased_until=database_now(-1))
    )


@atomic
def _make_all_due(session: Session) -> None:
    session.execute(
        update(Message).where(*_HURRIED).values(available_at=database_now(-1), leased_until=None)
    )


@atomic
def _open_messages(session: Session, *queues: str, due: bool = False) -> int:
    waiting = session.query(Message).where(*_HURRIED, Message.queue.in_(queues or QUEUES))
    if due:
        waiting = waiting.where(Message.available_at <= database_now(0))
    return waiting.count()


@atomic
def _pass_time(session: Session, minutes: int) -> None:
    for table, columns in _TIMES.items():
        earlier = ", ".join(f"{c} = {c} - make_interval(mins => :minutes)" for c in columns)
        session.execute(text(f"UPDATE pay_{table} SET {earlier}"), {"minutes": minutes})
