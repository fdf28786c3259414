"""A row of the history in words: an effect goes on behind its title, and no code is left raw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from payments_app.core.db.clock import utcnow
from payments_app.gateway.results import Verdict
from payments_app.staff.causes.calls import sentence
from payments_app.staff.causes.entry import Entry
from payments_app.staff.causes.words import words

ENTRY = Entry(utcnow(), "x", "Paid $1.00", "txn_x")


@pytest.mark.parametrize(
    ("detail", "beside"),
    [
        ("", ""),
        ("with Visa", ", with Visa"),
        ("It is on its way", ". It is on its way"),
        ("“Sent back”", ", “Sent back”"),
    ],
)
def test_a_detail_goes_on_behind_its_title(detail: str, beside: str) -> None:
    assert replace(ENTRY, detail=detail).beside == beside


def test_behind_a_full_stop_no_other_sign_is_set() -> None:
    assert replace(ENTRY, title="Failed: no.", detail="The customer").beside == " The customer"


@pytest.mark.parametrize(
    ("name", "verdict", "said"),
    [
        ("refund_find", Verdict.LATER, "Asked Stripe whether it was refunded: nothing was done"),
        (
            "create",
            Verdict.INVALID,
            "Asked Stripe to create the payment: refused, nothing was done",
        ),
    ],
)
def test_what_was_not_sent_was_not_refused(name: str, verdict: str, said: str) -> None:
    assert sentence((name, {"verdict": verdict}), []) == (said, True)


@pytest.mark.parametrize(
    ("what", "data", "title", "detail"),
    [
        ("stripe.retry", {"delay_seconds": 8.476}, "Stripe is asked again in 8.5 s", ""),
        ("stripe.retry", {"delay_seconds": 20}, "Stripe is asked again in 20 s", ""),
        (
            "refund.failed",
            {"amount": 100, "currency": "usd", "failure_reason": "unknown", "message": "It failed"},
            "The refund of $1.00 did not arrive",
            "It failed",
        ),
        (
            "refund.failed",
            {"amount": 100, "currency": "usd", "failure_reason": "unknown"},
            "The refund of $1.00 did not arrive",
            "No reason was given",
        ),
        (
            "dispute.opened",
            {"amount": 100, "currency": "usd", "state": "warning_needs_response"},
            "The customer's bank asks about $1.00",
            "",
        ),
        (
            "dispute.opened",
            {"amount": 100, "currency": "usd", "state": "needs_response"},
            "The customer's bank disputes $1.00",
            "",
        ),
    ],
)
def test_a_row_says_what_is_so(what: str, data: dict[str, Any], title: str, detail: str) -> None:
    found = words(what, data, {})
    assert (found.title, found.detail) == (title, detail)
