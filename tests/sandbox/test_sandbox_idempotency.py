"""Idempotency keys, as API v1 keeps them."""

import threading
from typing import Any

import pytest
import stripe

from parts.process import wait_until
from tests.sandbox.shop import WITHIN, card_payment, confirmed


@pytest.mark.contract
def test_a_repeated_request_is_answered_from_memory(v1: Any, once: dict[str, str]) -> None:
    customer = v1.customers.create({}).id
    first = v1.payment_intents.create(confirmed(customer=customer), once)
    again = v1.payment_intents.create(confirmed(customer=customer), once)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.request_id
    assert len(v1.payment_intents.list({"customer": customer}).data) == 1


@pytest.mark.contract
def test_a_decline_is_replayed(v1: Any, once: dict[str, str]) -> None:
    seen = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            v1.payment_intents.create(confirmed("pm_card_chargeDeclined"), once)
        seen.append(caught.value.error.payment_intent.id)
    assert seen[0] == seen[1]


@pytest.mark.contract
def test_other_parameters_are_refused(v1: Any, once: dict[str, str]) -> None:
    v1.payment_intents.create(card_payment(), once)
    with pytest.raises(stripe.IdempotencyError) as caught:
        v1.payment_intents.create(card_payment(amount=5000), once)
    assert (caught.value.http_status, caught.value.code) == (400, None)


@pytest.mark.contract
def test_another_endpoint_is_refused(v1: Any, once: dict[str, str]) -> None:
    v1.payment_intents.create(card_payment(), once)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        v1.customers.create({}, once)


@pytest.mark.contract
def test_a_refused_parameter_does_not_use_the_key_up(v1: Any, once: dict[str, str]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.create(card_payment(amount=1), once)
    assert v1.payment_intents.create(card_payment(), once).amount == 1099


def test_a_key_in_flight_answers_409(v1: Any, control: Any, once: dict[str, str]) -> None:
    control("POST", "faults", {"fault": "slow", "ms": 1500})
    slow = threading.Thread(target=v1.payment_intents.create, args=(card_payment(), once))
    slow.start()
    assert wait_until(lambda: control("GET", "requests")["requests"], WITHIN)
    with pytest.raises(stripe.APIError) as caught:
        v1.payment_intents.create(card_payment(), once)
    slow.join()
    assert caught.value.http_status == 409
    assert caught.value.error.code == "idempotency_key_in_use"


@pytest.mark.contract
def test_every_answer_names_its_request(v1: Any) -> None:
    made = v1.customers.create({})
    assert made.last_response.request_id.startswith("req_")
