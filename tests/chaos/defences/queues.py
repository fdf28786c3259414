"""The outbox and its workers: nothing is lost, nothing is begun for ever."""

from __future__ import annotations

import dataclasses
import threading
from types import SimpleNamespace
from typing import Any

from rq import Queue
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.jobs import due, leases, outbox, runner
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.payments.transactions import open
from payments_app.reconcile import sweep
from tests.chaos import payments
from tests.chaos.defences.defence import Defence, Patch, at_once_and_drained, words
from tests.chaos.lab import QUEUES, Died, Lab
from tests.chaos.strikes import broken_after, die


def died(lab: Lab) -> list[str]:
    return broken_after(lab, payments.a_good_card, die)


def opened(lab: Lab) -> list[str]:
    lab.driver.open()
    return words(lab.broken_now())


def wake_ups_lost(lab: Lab) -> list[str]:
    """Only what is woken for is worked on."""
    redis = lab.driver.app.extensions["wake_up_redis"]
    lab.driver.open()
    redis.flushall()
    for _ in range(3):
        sweep.run(threading.Event(), once=True)
        for queue in QUEUES:
            if Queue(queue, connection=redis).count:
                lab.work(queue)
    return words(lab.broken())


def failed_by_a_stale_copy(lab: Lab) -> list[str]:
    lab.driver.open()
    (stale,) = leases.claim("charges", 1)
    lab.leave_as_killed()
    (current,) = leases.claim("charges", 1)
    stale = dataclasses.replace(stale, failures=99)
    leases.fail(stale, outbox.commands()["charge"], RuntimeError("frozen for too long"))
    runner.perform(current)
    return at_once_and_drained(lab)


def begun_after_crashes(lab: Lab) -> list[str]:
    lab.driver.open()
    begun = []

    def at(_number: int, name: str) -> None:
        if name == "before POST payment_intents":
            begun.append(name)
            raise Died(name)

    with lab.watched(at):
        lab.work("charges")
    return (
        [f"a message that kills its worker was begun {len(begun)} times"] if len(begun) > 5 else []
    )


def _done_before_the_effect(patch: Patch) -> None:
    perform = runner.perform

    def early(claim: Claim) -> None:
        leases.finish(claim)
        perform(claim)

    patch.setattr(runner, "perform", early)


def _no_sweeper(patch: Patch) -> None:
    patch.setattr(due, "due_queues", lambda _session: [])


def _no_epoch(patch: Patch) -> None:
    def set_whatever(session: Session, claim: Claim, **values: Any) -> bool:
        of_it = update(Message).where(Message.id == claim.message_id, *OPEN)
        session.execute(of_it.values(**values))
        return True

    patch.setattr(leases, "_set", set_whatever)


def _message_apart(patch: Patch) -> None:
    patch.setattr(open, "outbox", SimpleNamespace(stage=lambda *_, **__: False))


DEFENCES = (
    Defence("a message is kept until its effect", _done_before_the_effect, died),
    Defence("the sweeper wakes what a lost wake-up left", _no_sweeper, wake_ups_lost),
    Defence("a lease has an epoch", _no_epoch, failed_by_a_stale_copy),
    Defence("the message commits with the payment", _message_apart, opened),
    Defence(
        "crashes are counted before the work",
        lambda patch: patch.setattr(leases, "CRASHES", 1000),
        begun_after_crashes,
    ),
)
