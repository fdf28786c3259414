"""The judge of what is sent to Stripe sees a wrong name, type and word, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from stripe import StripeClient
from stripe._payment_intent_service import PaymentIntentService
from stripe._refund_service import RefundService

from tests.stripe_types.judge import Judge, params_type, problems

INTENT = {
    "amount": 1099,
    "currency": "usd",
    "metadata": {"transaction_id": "txn_1"},
    "allowed_payment_method_types": ["card"],
    "capture_method": "automatic",
}


def wrong(**changes: Any) -> list[str]:
    kind = params_type(PaymentIntentService.create)
    sent = {name: value for name, value in (INTENT | changes).items() if value is not None}
    return list(problems(sent, kind, "params"))


def test_what_stripe_takes_has_no_problem() -> None:
    assert wrong() == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"colour": "red"}, "params.colour is not known to Stripe"),
        ({"amount": "1099"}, "params.amount is no int: '1099'"),
        ({"amount": True}, "params.amount is no int: True"),
        ({"amount": None}, "params.amount is missing"),
        ({"metadata": 5}, "params.metadata is no object: 5"),
        ({"metadata": {"paid": 5}}, "params.metadata[paid] is no str: 5"),
        ({"expand": "charge"}, "params.expand is no list: 'charge'"),
        (
            {"capture_method": "whenever"},
            "params.capture_method is 'whenever', which is none of Stripe's words",
        ),
        (
            {"allowed_payment_method_types": ["cash"]},
            "params.allowed_payment_method_types[0] is 'cash', which is none of Stripe's words",
        ),
    ],
)
def test_what_stripe_does_not_take_is_named(changes: dict[str, Any], problem: str) -> None:
    assert wrong(**changes) == [problem]


@pytest.mark.wrong_parameters
def test_a_call_through_the_library_is_judged(judge: Judge, sandbox_url: str) -> None:
    before = len(judge.calls)
    client = StripeClient("sk_test_judged", base_addresses={"api": sandbox_url})
    with pytest.raises(Exception, match="colour"):
        client.v1.refunds.create({"colour": "red"})  # type: ignore[typeddict-unknown-key]
    assert judge.calls[before:] == [RefundService.create.__qualname__]
    assert judge.wrong() == ["RefundService.create: params.colour is not known to Stripe"]


def test_a_call_without_parameters_is_judged_too(judge: Judge, sandbox_url: str) -> None:
    before = len(judge.calls)
    StripeClient("sk_test_judged", base_addresses={"api": sandbox_url}).v1.refunds.list()
    assert judge.calls[before:] == ["RefundService.list"]
