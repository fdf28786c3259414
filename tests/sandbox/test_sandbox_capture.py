"""Manual capture: what a card holds is taken later, in full or in part."""

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import confirmed

HELD = {"capture_method": "manual", "amount": 2500, "expand": ["latest_charge"]}


def hold(v1: Any, **fields: Any) -> Any:
    return v1.payment_intents.create(confirmed(**{**HELD, **fields}))


def capture(v1: Any, intent: Any, **fields: Any) -> Any:
    return v1.payment_intents.capture(intent.id, {"expand": ["latest_charge"], **fields})


def newest_types(v1: Any) -> list[str]:
    return [event.type for event in v1.events.list({"limit": 100}).data]


@pytest.mark.contract
def test_a_held_payment_moves_no_money_yet(v1: Any) -> None:
    intent = hold(v1)
    assert intent.status == "requires_capture"
    assert (intent.amount_capturable, intent.amount_received) == (2500, 0)
    charge = intent.latest_charge
    assert (charge.captured, charge.amount_captured, charge.balance_transaction) == (False, 0, None)


def test_a_held_payment_is_told_and_no_success(v1: Any) -> None:
    hold(v1)
    assert "payment_intent.amount_capturable_updated" in newest_types(v1)
    assert "payment_intent.succeeded" not in newest_types(v1)


@pytest.mark.contract
def test_a_capture_without_an_amount_is_whole(v1: Any) -> None:
    intent = capture(v1, hold(v1))
    assert (intent.status, intent.amount_received) == ("succeeded", 2500)
    assert v1.refunds.list({"payment_intent": intent.id}).data == []


@pytest.mark.contract
def test_a_part_is_captured_and_the_rest_released(v1: Any) -> None:
    intent = capture(v1, hold(v1), amount_to_capture=1500)
    assert (intent.amount, intent.amount_received, intent.amount_capturable) == (2500, 1500, 0)
    charge = intent.latest_charge
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (2500, 1500, 1000)
    moved = v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (moved.amount, moved.fee) == (1500, 74)
    (released,) = v1.refunds.list({"payment_intent": intent.id}).data
    assert (released.amount, released.balance_transaction) == (1000, None)


def test_a_capture_of_a_part_is_told_with_what_was_released(v1: Any) -> None:
    capture(v1, hold(v1), amount_to_capture=1500)
    assert {"charge.captured", "payment_intent.succeeded", "refund.created"} <= set(
        newest_types(v1)
    )


@pytest.mark.contract
def test_no_more_is_refunded_than_was_captured(v1: Any) -> None:
    intent = capture(v1, hold(v1), amount_to_capture=1500)
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
    v1.refunds.create({"payment_intent": intent.id})
    assert v1.charges.retrieve(intent.latest_charge.id).refunded


@pytest.mark.contract
@pytest.mark.parametrize("amount", [0, 2501, -1])
def test_another_amount_than_is_held_is_refused(v1: Any, amount: int) -> None:
    intent = hold(v1)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        capture(v1, intent, amount_to_capture=amount)
    assert caught.value.param == "amount_to_capture"
    assert v1.payment_intents.retrieve(intent.id).status == "requires_capture"


@pytest.mark.contract
def test_what_is_not_held_cannot_be_captured(v1: Any) -> None:
    paid = v1.payment_intents.create(confirmed())
    for intent in (paid, capture(v1, hold(v1))):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            capture(v1, intent)
        assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.contract
def test_a_held_payment_has_nothing_to_refund_and_can_be_cancelled(v1: Any) -> None:
    intent = hold(v1)
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"payment_intent": intent.id})
    assert v1.payment_intents.cancel(intent.id).status == "canceled"
    charge = v1.charges.retrieve(intent.latest_charge.id)
    assert (charge.refunded, charge.amount_captured) == (True, 0)


def test_the_fee_is_at_most_what_was_captured(v1: Any, control: Any) -> None:
    merchant = v1.accounts.create({"type": "express", "email": "merchant@example.com"})
    control("POST", f"accounts/{merchant.id}/onboard", {})
    shared = {"application_fee_amount": 320, "transfer_data": {"destination": merchant.id}}
    charge = capture(v1, hold(v1, **shared), amount_to_capture=200).latest_charge
    assert v1.transfers.retrieve(charge.transfer).amount == 200
    assert v1.application_fees.retrieve(charge.application_fee).amount == 200
