"""Between us and Stripe: one charge, whatever is lost on the way."""

from __future__ import annotations

import contextlib
import secrets
import threading
from dataclasses import replace
from typing import Any

import requests

from payments_app.core.states import Machine
from payments_app.gateway import breaker, charges, exchange
from payments_app.gateway.results import Answer, Verdict
from payments_app.ledger import post
from payments_app.payments import states
from payments_app.payments.transactions import (
    apply_stripe_state,
    charge_steps,
    expire,
    supersede,
)
from payments_app.payments.transactions.apply_stripe_state import give_up
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot
from tests.chaos import payments
from tests.chaos.defences.defence import Defence, Patch, at_once_and_drained, words
from tests.chaos.lab import Lab
from tests.chaos.strikes import broken_after, overtake


def overtaken(lab: Lab) -> list[str]:
    return broken_after(lab, payments.a_good_card, overtake(lab))


def answer_lost(lab: Lab) -> list[str]:
    lab.driver.fail_stripe("drop_after", "/confirm$")
    lab.driver.open()
    lab.work()
    return at_once_and_drained(lab)


def answer_lost_and_overtaken(lab: Lab) -> list[str]:
    return broken_after(lab, payments.an_answer_lost_after_charging, overtake(lab))


def first_card_paid_late(lab: Lab) -> list[str]:
    order = lab.driver.create_order()
    first = lab.driver.pay(payments.DECLINED, order)
    lab.driver.pay("pm_card_visa", order)
    with contextlib.suppress(requests.HTTPError):
        lab.driver.confirm_behind_our_back(first, "pm_card_visa")
    return words(lab.broken_now())


def bank_check_passed_unheard(lab: Lab) -> list[str]:
    transaction = lab.driver.pay(payments.ASKED)
    lab.driver.pass_bank_check(transaction)
    lab.driver.age(transaction, 31 * 60)
    lab.driver.make_due("expire_action")
    lab.work()
    return at_once_and_drained(lab)


def declined_then_paid_while_a_copy_stood_still(lab: Lab) -> list[str]:
    """Another copy confirmed and died; then the intent was paid; then this copy is answered with
    the decline that Stripe saved."""
    transaction = lab.driver.open(payments.DECLINED)

    def at(_number: int, name: str) -> None:
        if name == "before POST confirm":
            copy = threading.Thread(target=_confirm_and_die, args=(lab, transaction))
            copy.start()
            copy.join()
            lab.driver.confirm_behind_our_back(transaction, "pm_card_visa")

    with lab.watched(at):
        lab.work("charges")
    return words(lab.broken_now())


def _confirm_and_die(lab: Lab, transaction: str) -> None:
    with lab.driver.app.app_context():
        snapshot = expire._snapshot(transaction)
        charges.confirm_intent(
            snapshot.intent, snapshot.confirm, snapshot.confirm_key, snapshot.account
        )


def outage(lab: Lab) -> list[str]:
    lab.driver.fail_stripe("drop_before", times=None)
    for _ in range(12):
        lab.driver.open()
    lab.work()
    made = len(lab.driver.sandbox("GET", "/_sandbox/requests?path=payment_intents")["requests"])
    return [f"{made} calls were made into an outage"] if made > breaker.FAILURES + 1 else []


def _random_keys(patch: Patch) -> None:
    """And what stands behind them: a copy that comes second goes on with the stored intent."""

    def with_its_own(transaction_id: str, answer: Answer) -> tuple[ChargeSnapshot, Any]:
        snapshot, against = created(transaction_id, answer)
        own = answer.expect_body()["id"]
        return replace(snapshot, intent_id=own, confirm_sent=False), against

    created = charge_steps.created
    patch.setattr(charge_steps, "created", with_its_own)
    for name in ("create_key", "confirm_key"):
        patch.setattr(ChargeSnapshot, name, property(lambda _: secrets.token_hex(16)))


def _unknown_is_failed(patch: Patch) -> None:
    patch.setitem(apply_stripe_state.PHASE_OF, Verdict.UNKNOWN, "failed")


def _no_ledger_key(patch: Patch) -> None:
    def anew(*words: Any, about: str, **more: Any) -> bool:
        return bool(keyed(*words, about=f"{about}_{secrets.token_hex(4)}", **more))

    keyed = post.post
    patch.setattr(post, "post", anew)


def _deadline_asks_nobody(patch: Patch) -> None:
    def close(snapshot: ChargeSnapshot, *_: Any, **__: Any) -> None:
        give_up(snapshot.transaction_id, "canceled", expire.CHECK_ABANDONED)

    patch.setattr(expire, "cancel_and_end", close)


def _any_move(patch: Patch) -> None:
    patch.setattr(states, "FINAL", frozenset())
    patch.setattr(Machine, "allows", lambda *_: True)


DEFENCES = (
    Defence("Stripe's keys are the transaction's own", _random_keys, overtaken),
    Defence("an unknown outcome is no failure", _unknown_is_failed, answer_lost),
    Defence(
        "an earlier attempt is cancelled first",
        lambda patch: patch.setattr(supersede, "cancel_at_stripe", lambda *_: True),
        first_card_paid_late,
    ),
    Defence("a capture is posted by its key", _no_ledger_key, overtaken),
    Defence("a deadline asks Stripe first", _deadline_asks_nobody, bank_check_passed_unheard),
    Defence(
        "a replayed answer changes no state",
        lambda patch: patch.setattr(exchange, "_is_replayed", lambda _headers: False),
        declined_then_paid_while_a_copy_stood_still,
    ),
    Defence("a table of legal moves", _any_move, answer_lost_and_overtaken),
    Defence(
        "the breaker",
        lambda patch: patch.setattr(breaker, "refusal_seconds", lambda *_: None),
        outage,
    ),
)
