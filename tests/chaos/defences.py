"""The defences: how to take each away from outside, and a play in which that must be noticed.

A play gives what was broken, in words: nothing while the defence stands.
"""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from rq import Queue
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from payments_app.checkout import start
from payments_app.core import drain, leases, outbox
from payments_app.core.database import atomic
from payments_app.core.money import Money
from payments_app.core.outbox import OPEN, Message
from payments_app.core.states import Machine
from payments_app.gateway import breaker, charges, events, exchange
from payments_app.gateway.results import Verdict
from payments_app.inbound import process
from payments_app.ledger import post
from payments_app.payments import abandon, open, predecessors, settle, states
from payments_app.payments.brief import Brief
from payments_app.payments.open import LivePaymentError
from payments_app.payments.settle import give_up
from payments_app.reconcile import sweep
from tests.chaos import payments
from tests.chaos.lab import QUEUES, Died, Lab
from tests.chaos.strikes import broken_after, die, overtake
from tests.inbound.post_office import PostOffice, create_event

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Defence:
    """`remove` takes it away; `play` shows what is broken then."""

    name: str
    remove: Callable[[Patch], None]
    play: Callable[[Lab], list[str]]


def _words(found: list[Any]) -> list[str]:
    return [str(violation) for violation in found]


def _at_once_and_drained(lab: Lab) -> list[str]:
    at_once = lab.broken_now()
    lab.finish()
    return _words(at_once + lab.broken())


def overtaken(lab: Lab) -> list[str]:
    return broken_after(lab, payments.a_good_card, overtake(lab))


def died(lab: Lab) -> list[str]:
    return broken_after(lab, payments.a_good_card, die)


def two_tabs(lab: Lab) -> list[str]:
    def both(lab: Lab) -> None:
        order = lab.till.create_order()
        with contextlib.suppress(LivePaymentError):
            for _ in range(2):
                lab.till.open(order=order)
        lab.work()

    return broken_after(lab, both, overtake(lab))


def answer_lost(lab: Lab) -> list[str]:
    lab.till.fail_stripe("drop_after", "/confirm$")
    lab.till.open()
    lab.work()
    return _at_once_and_drained(lab)


def answer_lost_and_overtaken(lab: Lab) -> list[str]:
    return broken_after(lab, payments.an_answer_lost_after_charging, overtake(lab))


def bells_lost(lab: Lab) -> list[str]:
    """Only what is rung for is worked on."""
    redis = lab.till.app.extensions["bell_redis"]
    lab.till.open()
    redis.flushall()
    for _ in range(3):
        sweep.run(threading.Event(), once=True)
        for queue in QUEUES:
            if Queue(queue, connection=redis).count:
                lab.work(queue)
    return _words(lab.broken())


def failed_by_a_stale_copy(lab: Lab) -> list[str]:
    lab.till.open()
    (stale,) = leases.claim("charges", 1)
    lab.bury()
    (current,) = leases.claim("charges", 1)
    stale = dataclasses.replace(stale, failures=99)
    leases.fail(stale, outbox.commands()["charge"], RuntimeError("frozen for too long"))
    drain.perform(current)
    return _at_once_and_drained(lab)


def first_card_paid_late(lab: Lab) -> list[str]:
    order = lab.till.create_order()
    first = lab.till.pay(payments.DECLINED, order)
    lab.till.pay("pm_card_visa", order)
    with contextlib.suppress(requests.HTTPError):
        lab.till.confirm_behind_our_back(first, "pm_card_visa")
    return _words(lab.broken_now())


def told_of_a_success_that_never_was(lab: Lab) -> list[str]:
    intent = lab.till.read(lab.till.pay(payments.DECLINED)).stripe_payment_id
    PostOffice(lab.till).send(create_event(id=intent, status="succeeded"))
    return _at_once_and_drained(lab)


def forged(lab: Lab) -> list[str]:
    post = PostOffice(lab.till)
    answer = post.send_bytes(b'{"id": "evt_1"}', "t=1,v1=00")
    signed_by_nobody = answer.get_json()["error"]["code"] == "invalid_signature"
    return [] if signed_by_nobody else [f"a forged event was read: {answer.get_json()}"]


def bank_check_passed_unheard(lab: Lab) -> list[str]:
    transaction = lab.till.pay(payments.ASKED)
    lab.till.pass_bank_check(transaction)
    lab.till.age(transaction, 31 * 60)
    lab.till.make_due("expire_action")
    lab.work()
    return _at_once_and_drained(lab)


def price_of_the_browsers_own(lab: Lab) -> list[str]:
    order = lab.till.create_order()
    lab.till.app.test_client().post(
        "/transactions",
        json={
            "item": order,
            "email": "thief@example.com",
            "amount": 50,
            "currency": "usd",
            "payment_method": "pm_card_visa",
        },
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )
    lab.work()
    return _at_once_and_drained(lab)


def opened(lab: Lab) -> list[str]:
    lab.till.open()
    return _words(lab.broken_now())


def declined_then_paid_while_a_copy_stood_still(lab: Lab) -> list[str]:
    """Another copy confirmed and died; then the intent was paid; then this copy is answered with
    the decline that Stripe saved."""
    transaction = lab.till.open(payments.DECLINED)

    def at(_number: int, name: str) -> None:
        if name == "before POST confirm":
            copy = threading.Thread(target=_confirm_and_die, args=(lab, transaction))
            copy.start()
            copy.join()
            lab.till.confirm_behind_our_back(transaction, "pm_card_visa")

    with lab.watched(at):
        lab.work("charges")
    return _words(lab.broken_now())


def _confirm_and_die(lab: Lab, transaction: str) -> None:
    with lab.till.app.app_context():
        brief = abandon._brief(transaction)
        charges.confirm_intent(brief.intent, brief.confirm, brief.confirm_key, brief.account)


def outage(lab: Lab) -> list[str]:
    lab.till.fail_stripe("drop_before", times=None)
    for _ in range(12):
        lab.till.open()
    lab.work()
    made = len(lab.till.sandbox("GET", "/_sandbox/requests?path=payment_intents")["requests"])
    return [f"{made} calls were made into an outage"] if made > breaker.FAILURES + 1 else []


def poison(lab: Lab) -> list[str]:
    lab.till.open()
    begun = []

    def at(_number: int, name: str) -> None:
        if name == "before POST payment_intents":
            begun.append(name)
            raise Died(name)

    with lab.watched(at):
        lab.work("charges")
    return [f"a poison message was begun {len(begun)} times"] if len(begun) > 5 else []


def _random_keys(patch: Patch) -> None:
    for name in ("create_key", "confirm_key"):
        patch.setattr(Brief, name, property(lambda _: secrets.token_hex(16)))


def _many_live(patch: Patch) -> None:
    patch.setattr(open, "_refuse_second", lambda *_: None)
    _drop_live_index()


@atomic
def _drop_live_index(session: Session) -> None:
    session.execute(text("DROP INDEX uq_payment_records_one_live"))


def _unknown_is_failed(patch: Patch) -> None:
    patch.setitem(settle.PHASE_OF, Verdict.UNKNOWN, "failed")


def _done_before_the_effect(patch: Patch) -> None:
    perform = drain.perform

    def early(claim: outbox.Claim) -> None:
        leases.finish(claim)
        perform(claim)

    patch.setattr(drain, "perform", early)


def _no_sweeper(patch: Patch) -> None:
    patch.setattr(outbox, "due_queues", lambda _session: [])


def _no_epoch(patch: Patch) -> None:
    def set_whatever(session: Session, claim: outbox.Claim, **values: Any) -> bool:
        of_it = update(Message).where(Message.id == claim.message_id, *OPEN)
        session.execute(of_it.values(**values))
        return True

    patch.setattr(leases, "_set", set_whatever)


def _events_believed(patch: Patch) -> None:
    retrieve = charges.retrieve_intent

    def believed(intent_id: str, account: str | None = None) -> Any:
        answer = retrieve(intent_id, account)
        return dataclasses.replace(answer, verdict=Verdict.SUCCEEDED, error=None)

    patch.setattr(process, "charges", SimpleNamespace(retrieve_intent=believed))


def _no_ledger_key(patch: Patch) -> None:
    def anew(*words: Any, about: str, **more: Any) -> bool:
        return bool(keyed(*words, about=f"{about}_{secrets.token_hex(4)}", **more))

    keyed = post.post
    patch.setattr(post, "post", anew)


def _deadline_asks_nobody(patch: Patch) -> None:
    def close(brief: Brief, *_: Any, **__: Any) -> None:
        give_up(brief.transaction_id, "canceled", abandon.CHECK_ABANDONED)

    patch.setattr(abandon, "close", close)


def _browsers_price(patch: Patch) -> None:
    shop = start.open_transaction
    patch.setattr(start, "_check", lambda *_: None)
    patch.setattr(start, "open_transaction", lambda *a, **k: shop(*a, **k, money=Money(50, "usd")))


def _message_apart(patch: Patch) -> None:
    patch.setattr(open, "outbox", SimpleNamespace(stage=lambda *_, **__: False))


def _any_move(patch: Patch) -> None:
    patch.setattr(states, "FINAL", frozenset())
    patch.setattr(Machine, "allows", lambda *_: True)


DEFENCES = (
    Defence("Stripe's keys are the transaction's own", _random_keys, overtaken),
    Defence("one live payment for a payable", _many_live, two_tabs),
    Defence("an unknown outcome is no failure", _unknown_is_failed, answer_lost),
    Defence("a message is kept until its effect", _done_before_the_effect, died),
    Defence("the sweeper rings what the bell lost", _no_sweeper, bells_lost),
    Defence("a lease has an epoch", _no_epoch, failed_by_a_stale_copy),
    Defence(
        "an earlier attempt is cancelled first",
        lambda patch: patch.setattr(predecessors, "close", lambda *_: True),
        first_card_paid_late,
    ),
    Defence("an event is only a hint", _events_believed, told_of_a_success_that_never_was),
    Defence(
        "an event is signed",
        lambda patch: patch.setattr(events, "verify", lambda *_: None),
        forged,
    ),
    Defence("a capture is posted by its key", _no_ledger_key, overtaken),
    Defence("a deadline asks Stripe first", _deadline_asks_nobody, bank_check_passed_unheard),
    Defence("the price is the shop's own", _browsers_price, price_of_the_browsers_own),
    Defence("the message commits with the payment", _message_apart, opened),
    Defence(
        "a replayed answer settles nothing",
        lambda patch: patch.setattr(exchange, "_header", lambda *_: None),
        declined_then_paid_while_a_copy_stood_still,
    ),
    Defence("a table of legal moves", _any_move, answer_lost_and_overtaken),
    Defence(
        "the breaker",
        lambda patch: patch.setattr(breaker, "refusal_seconds", lambda: None),
        outage,
    ),
    Defence(
        "crashes are counted before the work",
        lambda patch: patch.setattr(leases, "CRASHES", 1000),
        poison,
    ),
)
