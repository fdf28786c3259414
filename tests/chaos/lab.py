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
import stripe
from sqlalchemy import update
from sqlalchemy.orm import Session

from chaos import books
from chaos.invariants import ALWAYS, DRAINED, Invariant, Violation, violations
from payments_app.core import database, drain, leases
from payments_app.core.clock import database_now
from payments_app.core.database import atomic
from payments_app.core.extensions import db
from payments_app.core.outbox import OPEN, Message
from tests.payments.till import Till

QUEUES = ("charges", "payment_critical", "payment_standard")
ROUNDS = 40
# What may be hurried: a settlement batch closes only when its day is over.
_HURRIED = (Message.queue.in_(QUEUES), Message.command != "settlement.close", *OPEN)


class Died(BaseException):
    """The worker's process is gone: nothing may catch this and go on."""


class Lab:
    """A till whose workers can die at any step."""

    def __init__(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        self.till = till
        self.steps: list[str] = []
        self._at: Callable[[int, str], None] | None = None
        self._working = False
        self._thread = threading.get_ident()
        self.forget()
        self._hook(monkeypatch)

    def forget(self) -> None:
        """What Stripe has until now is of no account any more."""
        self._before = {
            thing["id"] for kind in ("payment_intents", "refunds") for thing in self._listed(kind)
        }

    def _hook(self, monkeypatch: pytest.MonkeyPatch) -> None:
        commit, request = database._commit, stripe.RequestsClient.request

        def committing(session: Session) -> None:
            self._step("before commit")
            commit(session)
            self._step("after commit")

        def requesting(client: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
            self._step(f"before {method.upper()} {url.rpartition('/')[2]}")
            answer = request(client, method, url, *rest, **more)
            self._step(f"after {method.upper()} {url.rpartition('/')[2]}")
            return answer

        monkeypatch.setattr(database, "_commit", committing)
        monkeypatch.setattr(stripe.RequestsClient, "request", requesting)

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
                drain.perform(claim)
        except Died:
            self._working = False
            self.bury()
            return True
        finally:
            self._working = False
        return bool(claims)

    def overtake(self) -> None:
        """A second copy does all that is leased or due, to the end, while this one stands still."""
        copy = threading.Thread(target=self._overtake, name="second copy")
        copy.start()
        copy.join()

    def _overtake(self) -> None:
        with self.till.app.app_context():
            _expire_leases()
            for queue in QUEUES:
                while claims := leases.claim(queue, 1):
                    for claim in claims:
                        drain.perform(claim)
            db.session.remove()

    def bury(self) -> None:
        """What a dead process leaves: its transaction rolled back, its leases run out in time."""
        db.session.remove()
        _expire_leases()

    def finish(self) -> None:
        """Stripe is well again, all that waits is due, until nothing is."""
        self.till.mend_stripe()
        for _ in range(ROUNDS):
            self.till.close_breaker_time()
            _make_all_due()
            self.work()
            if not _open_messages():
                return

    def broken(self, invariants: tuple[Invariant, ...] = DRAINED) -> list[Violation]:
        """How the books break what must hold."""
        return violations(self.read(), invariants)

    def broken_now(self) -> list[Violation]:
        return self.broken(ALWAYS)

    def read(self) -> books.Books:
        db.session.remove()
        return books.read(db.engine, self._own)

    def _own(self, kind: str) -> list[books.Row]:
        return [thing for thing in self._listed(kind) if thing["id"] not in self._before]

    def _listed(self, kind: str) -> list[books.Row]:
        return books.lister(lambda path: self.till.sandbox("GET", path))(kind)


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
def _open_messages(session: Session) -> int:
    return session.query(Message).where(*_HURRIED).count()
