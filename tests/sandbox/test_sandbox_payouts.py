"""What the balance sends to the bank."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import confirmed


def movements(v1: Any, payout: str) -> list[tuple[str, int]]:
    """The balance transactions of a payout, but its own: type and net, in minor units."""
    listed = v1.balance_transactions.list({"payout": payout, "limit": 100}).data
    return [(each.type, each.net) for each in listed if each.source != payout]


def test_an_automatic_payout_is_the_sum_of_what_is_in_it(
    v1: Any, control: Callable[..., Any]
) -> None:
    intent = v1.payment_intents.create(confirmed())
    v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    made = v1.payouts.retrieve(control("POST", "payouts", {})["id"])
    assert (made.automatic, made.status, made.reconciliation_status) == (True, "paid", "completed")
    held = movements(v1, made.id)
    assert [kind for kind, _ in held] == ["refund", "charge"]
    assert sum(net for _, net in held) == made.amount > 0


def test_what_went_to_the_bank_is_in_no_later_payout(v1: Any, control: Callable[..., Any]) -> None:
    v1.payment_intents.create(confirmed())
    control("POST", "payouts", {})
    assert movements(v1, control("POST", "payouts", {})["id"]) == []


def test_of_a_payout_by_hand_stripe_does_not_say_what_is_in_it(v1: Any) -> None:
    v1.payment_intents.create(confirmed())
    made = v1.payouts.create({"amount": 500, "currency": "usd"})
    assert (made.automatic, made.reconciliation_status) == (False, "not_applicable")
    own = v1.balance_transactions.retrieve(made.balance_transaction)
    assert (own.amount, own.source) == (-500, made.id)


@pytest.mark.contract
def test_a_payout_of_nothing_is_refused(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.payouts.create({"amount": 0, "currency": "usd"})
    assert refused.value.param == "amount"


def test_payouts_are_listed_and_told_of(v1: Any, control: Callable[..., Any]) -> None:
    by_hand = v1.payouts.create({"amount": 500, "currency": "usd"}).id
    by_itself = control("POST", "payouts", {})["id"]
    assert [each.id for each in v1.payouts.list({"status": "paid"}).data] == [by_itself, by_hand]
    told = [(each.type, each.data.object.id) for each in v1.events.list().data]
    assert [kind for kind, about in reversed(told) if about == by_itself] == [
        "payout.created",
        "payout.paid",
        "payout.reconciliation_completed",
    ]
