"""Stripe's events: believed for what they are, and no more."""

from __future__ import annotations

import dataclasses
import json
import time
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from payments_app.gateway import charges, events
from payments_app.gateway.events import Event
from payments_app.gateway.results import Verdict
from payments_app.inbound import process, receive
from payments_app.payments.transactions import apply_stripe_state
from tests.chaos import payments
from tests.chaos.defences.defence import Defence, Patch, at_once_and_drained
from tests.chaos.lab import Lab
from tests.inbound.webhook_sender import WebhookSender, create_event, sign


def told_of_a_success_that_never_was(lab: Lab) -> list[str]:
    intent = lab.driver.read(lab.driver.pay(payments.DECLINED)).stripe_payment_id
    WebhookSender(lab.driver).send(create_event(id=intent, status="succeeded"))
    return at_once_and_drained(lab)


def forged(lab: Lab) -> list[str]:
    post = WebhookSender(lab.driver)
    answer = post.send_bytes(b'{"id": "evt_1"}', "t=1,v1=00")
    signed_by_nobody = answer.get_json()["error"]["code"] == "invalid_signature"
    return [] if signed_by_nobody else [f"a forged event was read: {answer.get_json()}"]


def _events_believed(patch: Patch) -> None:
    """Behind it stands that what was received is compared."""
    patch.setattr(apply_stripe_state, "_mismatch", lambda *_: False)
    retrieve = charges.retrieve_intent

    def believed(intent_id: str, account: str | None = None) -> Any:
        answer = retrieve(intent_id, account)
        return dataclasses.replace(answer, verdict=Verdict.SUCCEEDED, error=None)

    patch.setattr(process, "charges", SimpleNamespace(retrieve_intent=believed))


def sent_again_an_hour_later(lab: Lab) -> list[str]:
    post = WebhookSender(lab.driver)
    payload = json.dumps(create_event()).encode()
    answer = post.send_bytes(payload, sign(payload, post.secret, time.time() - 3600))
    return [] if answer.status_code == 400 else ["a signature of an hour ago was taken"]


def sent_three_times(lab: Lab) -> list[str]:
    post = WebhookSender(lab.driver)
    event = _news_of_a_success(lab)
    for _ in range(3):
        post.send(event)
    new = post.deliveries(event).count("new")
    return [f"one event was taken for {new}"] if new > 1 else []


def of_the_other_mode(lab: Lab) -> list[str]:
    return _set_aside(lab, livemode=True)


def of_a_foreign_account(lab: Lab) -> list[str]:
    return _set_aside(lab, account="acct_notours")


def paid_with_another_amount(lab: Lab) -> list[str]:
    """Somebody pays a little, and says that it was for a payment of ours."""
    post = WebhookSender(lab.driver)
    wished = lab.driver.pay(payments.DECLINED, amount=9900)
    post.pay_elsewhere(amount="50", **{"metadata[transaction_id]": wished})
    post.send(post.told("payment_intent.succeeded"))
    return (
        ["a payment was completed by less"] if lab.driver.read(wished).state == "complete" else []
    )


def _news_of_a_success(lab: Lab) -> dict[str, Any]:
    intent = lab.driver.read(lab.driver.pay()).stripe_payment_id
    return WebhookSender(lab.driver).told("payment_intent.succeeded", intent)


def _set_aside(lab: Lab, **changes: Any) -> list[str]:
    """Whether an event of ours, changed so that it is none, is kept from being worked on."""
    post = WebhookSender(lab.driver)
    event = _news_of_a_success(lab) | changes
    post.send(event, work=False)
    state = post.state(event)
    return (
        [] if state == "quarantined" else [f"an event of another {', '.join(changes)} is {state}"]
    )


def _stored_again(patch: Patch) -> None:
    insert_once = receive.insert_once

    def always_new(session: Session, *row: Any, **values: Any) -> bool:
        insert_once(session, *row, **values)
        return True

    patch.setattr(receive, "insert_once", always_new)


def _any_mode(patch: Patch) -> None:
    state = receive._state

    def of_test_mode(session: Session, event: Event, *found: Any) -> Any:
        return state(session, dataclasses.replace(event, livemode=False), *found)

    patch.setattr(receive, "_state", of_test_mode)


def _any_amount(patch: Patch) -> None:
    """It is looked at twice: where the event's payment is found, and where its state is applied."""
    patch.setattr(process, "match", lambda intent, _account: intent["metadata"]["transaction_id"])
    patch.setattr(apply_stripe_state, "_mismatch", lambda *_: False)


DEFENCES = (
    Defence("an event is only a hint", _events_believed, told_of_a_success_that_never_was),
    Defence(
        "an event is signed",
        lambda patch: patch.setattr(events, "verify", lambda *_: None),
        forged,
    ),
    Defence(
        "an event is signed now",
        lambda patch: patch.setattr(events, "TOLERANCE_SECONDS", 10**9),
        sent_again_an_hour_later,
    ),
    Defence("an event is stored by its id", _stored_again, sent_three_times),
    Defence("an event is of our key's mode", _any_mode, of_the_other_mode),
    Defence(
        "an event is of an account of ours",
        lambda patch: patch.setattr(receive, "_is_ours", lambda *_: True),
        of_a_foreign_account,
    ),
    Defence("an event's payment is of our amount", _any_amount, paid_with_another_amount),
)
