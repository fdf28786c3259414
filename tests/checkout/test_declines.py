"""What a decline says to the buyer and to staff."""

from __future__ import annotations

import pytest

from payments_app.gateway.declines import (
    BUYER,
    DECLINES,
    STAFF,
    buyer_sentence,
    decline_policy,
    public_code,
)


def card_error(code: str, decline_code: str | None = None) -> dict[str, str | None]:
    return {"type": "card_error", "code": code, "decline_code": decline_code}


def test_every_code_has_a_sentence_for_both() -> None:
    assert all(a.buyer in BUYER and a.staff in STAFF for a in DECLINES.values())


def test_the_decline_code_is_asked_first() -> None:
    assert buyer_sentence(card_error("card_declined", "insufficient_funds"), "failed")[0] == "B2"


@pytest.mark.parametrize(
    ("code", "advice_code", "staff", "retry"),
    [
        ("generic_decline", None, "S1", True),
        ("generic_decline", "try_again_later", "S4", True),
        ("generic_decline", "confirm_card_data", "S3", True),
        ("generic_decline", "do_not_try_again", "S1", False),
        ("insufficient_funds", "try_again_later", "S2", True),
        ("insufficient_funds", "do_not_try_again", "S2", False),
        ("stolen_card", "try_again_later", "S6", False),
        ("do_not_try_again", "try_again_later", "S1", False),
    ],
)
def test_stripes_advice_refines_staffs_step_and_never_the_buyers_words(
    code: str, advice_code: str | None, staff: str, *, retry: bool
) -> None:
    plain, advised = card_error("card_declined", code), {"advice_code": advice_code}
    advice = decline_policy(plain | advised)
    assert (advice.staff, advice.retry) == (staff, retry)
    assert buyer_sentence(plain | advised, "failed") == buyer_sentence(plain, "failed")


@pytest.mark.parametrize("code", ["lost_card", "stolen_card", "fraudulent", "pickup_card"])
def test_a_thief_learns_nothing(code: str) -> None:
    error = card_error("card_declined", code)
    assert buyer_sentence(error, "failed") == ("B1", BUYER["B1"])
    assert public_code(card_error(code, code)) == "card_declined"
    advice = decline_policy(error)
    assert (advice.staff, advice.retry) == ("S6", False)


def test_a_card_error_that_nobody_knows_reads_as_a_generic_decline() -> None:
    assert buyer_sentence(card_error("brand_new_code"), "failed")[0] == "B1"


@pytest.mark.parametrize(
    "kind",
    ["api_connection", "rate_limit", "api_error", "authentication", "invalid_request_error", None],
)
@pytest.mark.parametrize("phase", ["failed", "canceled"])
def test_what_the_bank_did_not_do_is_never_called_a_decline(kind: str | None, phase: str) -> None:
    _, sentence = buyer_sentence({"type": kind, "message": "raw"}, phase)
    assert "declined" not in sentence
    assert "bank" not in sentence
    assert "raw" not in sentence


def test_a_token_that_was_used_up_asks_for_the_card_again() -> None:
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_confirmation_token_invalid",
    }
    assert "Enter your card again" in buyer_sentence(error, "canceled")[1]
