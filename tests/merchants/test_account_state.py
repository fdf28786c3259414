"""What either API's object of an account comes to. The shapes are those of Stripe's own types."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.gateway.account_state import account_state

pytestmark = pytest.mark.portable


def body(**fields: Any) -> dict[str, Any]:
    return {"id": "acct_1", "object": "v2.core.account", "configuration": {}} | fields


def capable(status: Any) -> dict[str, Any]:
    """All that is asked for, with this status."""
    said = {"status": status, "status_details": []}
    return {
        "merchant": {"capabilities": {"card_payments": said, "stripe_balance": {"payouts": said}}},
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": said}}},
        "customer": None,
    }


def entry(description: str, status: str, reason: str, awaiting: str = "user") -> dict[str, Any]:
    return {
        "awaiting_action_from": awaiting,
        "description": description,
        "minimum_deadline": {"status": status},
        "requested_reasons": [{"code": reason}],
    }


def may(said: Any) -> tuple[bool | None, bool | None, bool | None]:
    return said.charges_enabled, said.transfers_enabled, said.payouts_enabled


@pytest.mark.parametrize("status", ["active", "pending", "rejected", "restricted", "unsupported"])
def test_only_an_active_capability_may_be_used(status: str) -> None:
    said = account_state(body(configuration=capable(status)))
    assert may(said) == (status == "active",) * 3
    assert said.unknown == ()


@pytest.mark.parametrize("status", ["xyz_new", None, 7, ["active"]])
def test_a_status_that_we_do_not_know_decides_nothing(status: object) -> None:
    said = account_state(body(configuration=capable(status)))
    assert (may(said), said.unknown) == ((None,) * 3, (status,) * 3)


def test_what_was_not_requested_may_not_be_used() -> None:
    assert may(account_state(body(configuration={"recipient": None}))) == (False,) * 3


@pytest.mark.parametrize("left_out", [None, "odd", []])
def test_configurations_that_were_left_out_decide_nothing(left_out: object) -> None:
    assert may(account_state(body(configuration=left_out))) == (None,) * 3


def test_a_recipients_payouts_count_where_it_is_no_merchant() -> None:
    balance = {"payouts": {"status": "active"}, "stripe_transfers": {"status": "active"}}
    recipient = {"recipient": {"capabilities": {"stripe_balance": balance}}}
    assert may(account_state(body(configuration=recipient))) == (False, True, True)


def test_what_is_asked_for_is_sorted_by_who_must_act_and_when() -> None:
    entries = [
        entry("a", "past_due", "routine_onboarding"),
        entry("b", "currently_due", "routine_onboarding"),
        entry("c", "eventually_due", "routine_onboarding"),
        entry("d", "currently_due", "routine_onboarding", "stripe"),
    ]
    said = account_state(body(requirements={"entries": entries}))
    assert said.requirements == {
        "past_due": ["a"],
        "currently_due": ["b"],
        "pending_verification": ["d"],
    }
    assert not said.details_submitted


@pytest.mark.parametrize(
    "told",
    [
        entry("a", "eventually_due", "routine_onboarding"),
        entry("a", "past_due", "routine_verification"),
        entry("a", "past_due", "routine_onboarding", "stripe"),
    ],
)
def test_details_were_given_once_a_new_merchant_owes_none(told: dict[str, Any]) -> None:
    assert account_state(body(requirements={"entries": [told]})).details_submitted


@pytest.mark.parametrize(
    "odd", [None, 5, "odd", {}, {"entries": None}, {"entries": [None, 5, {"description": 7}]}]
)
def test_odd_requirements_ask_for_nothing(odd: object) -> None:
    assert account_state(body(requirements=odd)).requirements == {}


def test_an_account_that_stripe_closed_is_closed() -> None:
    assert account_state(body(closed=True)).closed
    assert not account_state(body(closed=None)).closed


def test_an_object_of_v1_is_read_as_it_was() -> None:
    said = account_state(
        {
            "object": "account",
            "capabilities": {"transfers": "active"},
            "charges_enabled": True,
            "details_submitted": True,
            "requirements": {"currently_due": ["external_account"], "errors": []},
        }
    )
    assert (may(said), said.details_submitted) == ((True, True, False), True)
    assert said.requirements == {"currently_due": ["external_account"]}
