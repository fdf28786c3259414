"""Where an answer of the stand-in counts as another than Stripe's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.compare import answer_differences

INTENT = {
    "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
    "object": "payment_intent",
    "amount": 1099,
    "created": 1680800504,
    "currency": "usd",
    "description": None,
    "livemode": False,
    "metadata": {"order": "One of ours"},
    "payment_method_types": ["card"],
    "status": "succeeded",
}
ERROR = {"code": "card_declined", "decline_code": "lost_card", "message": "Your card was declined."}


def answer(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"call": "POST /v1/payment_intents", "status": 200, "replayed": False, "body": body} | (
        changes
    )


def compare(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    place = "1. POST /v1/payment_intents: body"
    found = answer_differences([answer(theirs)], [answer(ours)])
    return [each.removeprefix(place) for each in found]


def test_other_ids_times_amounts_and_texts_are_no_difference() -> None:
    ours = INTENT | {"id": "pi_1", "amount": 5, "created": 1, "metadata": {"order": "Another one"}}
    assert compare(INTENT, ours) == []


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"amount": "1099"}, ".amount is str, at Stripe int"),
        ({"amount": 1099.0}, ".amount is float, at Stripe int"),
        ({"amount": True}, ".amount is bool, at Stripe int"),
        ({"description": "A book"}, ".description is str, at Stripe NoneType"),
        ({"metadata": []}, ".metadata is list, at Stripe dict"),
        ({"status": "processing"}, ".status is 'processing', at Stripe 'succeeded'"),
        ({"status": "Succeeded"}, ".status is 'Succeeded', at Stripe 'succeeded'"),
        ({"livemode": True}, ".livemode is True, at Stripe False"),
        ({"colour": "red"}, ".colour is not at Stripe"),
        ({"metadata": {}}, ".metadata.order is missing"),
        ({"payment_method_types": []}, ".payment_method_types has 0 items, at Stripe 1"),
        (
            {"payment_method_types": ["link"]},
            ".payment_method_types[0] is 'link', at Stripe 'card'",
        ),
    ],
)
def test_a_difference_is_named_with_its_place(changes: dict[str, Any], difference: str) -> None:
    assert compare(INTENT, INTENT | changes) == [difference]


@pytest.mark.parametrize("name", list(INTENT))
def test_a_missing_field_is_named(name: str) -> None:
    ours = {field: value for field, value in INTENT.items() if field != name}
    assert compare(INTENT, ours) == [f".{name} is missing"]


@pytest.mark.parametrize("name", ["code", "decline_code"])
def test_another_code_is_named(name: str) -> None:
    found = compare({"error": ERROR}, {"error": ERROR | {name: "expired_card"}})
    assert found == [f".error.{name} is 'expired_card', at Stripe '{ERROR[name]}'"]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"status": 402}, "1. status is 402, at Stripe 200"),
        ({"replayed": True}, "1. replayed is True, at Stripe False"),
        (
            {"call": "GET /v1/refunds"},
            "1. call is GET /v1/refunds, at Stripe POST /v1/payment_intents",
        ),
    ],
)
def test_another_status_replay_or_call_is_named(changes: dict[str, Any], difference: str) -> None:
    assert list(answer_differences([answer(INTENT)], [answer(INTENT, **changes)])) == [difference]


def test_an_answer_too_few_or_too_many_is_named() -> None:
    one, two = [answer(INTENT)], [answer(INTENT)] * 2
    call = "POST /v1/payment_intents"
    assert list(answer_differences(two, one)) == [f"2. call is None, at Stripe {call}"]
    assert list(answer_differences(one, two)) == [f"2. call is {call}, at Stripe None"]


def test_what_only_stripes_own_script_reads_is_not_compared() -> None:
    theirs, ours = ({"next_action": {"use_stripe_sdk": {name: 1}}} for name in ("a", "b"))
    assert compare(theirs, ours) == []


def test_what_else_lies_in_the_account_is_not_compared() -> None:
    assert compare({"has_more": True}, {"has_more": False}) == []
    assert compare({"has_more": True}, {}) == [".has_more is missing"]
