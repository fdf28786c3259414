"""What we believe of Stripe (docs/stripe-beliefs.md, by its numbers) and no other test asserts."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from parts.process import wait_until
from tests.sandbox.shop import MINUTE, card_payment, confirmed, first_of

pytestmark = pytest.mark.contract


def test_a_declined_token_cannot_be_confirmed_again(v1: Any) -> None:
    """No. 1."""
    given = {"payment_method": "pm_card_chargeDeclined"}
    token = v1.test_helpers.confirmation_tokens.create(given).id
    intent = v1.payment_intents.create(card_payment()).id
    with pytest.raises(stripe.CardError):
        v1.payment_intents.confirm(intent, {"confirmation_token": token})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.confirm(intent, {"confirmation_token": token})
    assert caught.value.code == "payment_intent_confirmation_token_invalid"


def test_evidence_is_submitted_unless_it_is_said_otherwise(v1: Any) -> None:
    """No. 4."""
    dispute = answer_dispute(v1, "a letter")
    assert wait_until(lambda: v1.disputes.retrieve(dispute).status == "under_review", MINUTE)


def test_the_fee_of_a_dispute_that_is_won_comes_back_negative_if_it_does(v1: Any) -> None:
    """No. 7."""
    dispute = answer_dispute(v1, "winning_evidence")
    assert wait_until(lambda: v1.disputes.retrieve(dispute).status == "won", MINUTE)
    taken, given = v1.disputes.retrieve(dispute).balance_transactions
    assert taken.fee > 0
    assert -taken.fee <= given.fee <= 0


def answer_dispute(v1: Any, evidence: str) -> str:
    """Its id. The answer says nothing of `submit`."""
    intent = v1.payment_intents.create(confirmed("pm_card_createDispute"))
    dispute = str(first_of(v1.disputes, intent).id)
    v1.disputes.update(dispute, {"evidence": {"uncategorized_text": evidence}})
    return dispute


def test_the_order_of_parameters_does_not_matter_to_a_key(v1: Any, once: dict[str, str]) -> None:
    """No. 5."""
    params = card_payment()
    first = v1.payment_intents.create(params, once)
    again = v1.payment_intents.create(dict(reversed(params.items())), once)
    assert again.id == first.id


def test_a_used_card_has_neither_code_nor_parameter(v1: Any) -> None:
    """No. 11."""
    card = v1.payment_intents.create(confirmed()).payment_method
    intent = v1.payment_intents.create(card_payment()).id
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.confirm(intent, {"payment_method": card})
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, None, None)


def test_a_saved_400_is_repeated_for_its_key(v1: Any, once: dict[str, str]) -> None:
    """No. 12, but for its "for ever"."""
    intent = v1.payment_intents.create(confirmed()).id
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            v1.payment_intents.cancel(intent, {}, once)
        assert caught.value.headers.get("Idempotent-Replayed") == replayed


def test_a_deleted_customer_is_missing_and_its_card_is_on_nobody(v1: Any) -> None:
    """No. 13."""
    customer = v1.customers.create({}).id
    card = v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    v1.customers.delete(customer)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(card_payment(customer=customer))
    error = caught.value
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")
    assert v1.payment_methods.retrieve(card).customer is None
