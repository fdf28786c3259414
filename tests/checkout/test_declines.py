"""What a decline says to the buyer and to staff."""

from __future__ import annotations

import pytest

from payments_app.gateway.decline_sentences import BUYER, STAFF
from payments_app.gateway.declines import DECLINES, buyer_sentence, decline_policy, public_code


def card_error(code: str, decline_code: str | None = None) -> dict[str, str | None]:
    return {"type": "card_error", "code": code, "decline_code": decline_code}


# A row each: may we charge the card off-session again, may staff charge the same card, is there
# another attempt at all; then the codes.
CHARGED_AGAIN, BY_LINK, BUYER_ALONE, NEVER = (
    (True, True, True),
    (True, False, True),
    (False, True, True),
    (False, False, False),
)
ROWS = [
    (CHARGED_AGAIN, "B1", "S1", "generic_decline call_issuer do_not_honor no_action_taken"),
    (CHARGED_AGAIN, "B1", "S1", "not_permitted security_violation service_not_allowed"),
    (CHARGED_AGAIN, "B1", "S1", "transaction_not_allowed card_declined invalid_account"),
    (CHARGED_AGAIN, "B1", "S1", "new_account_information_available payment_method_restricted"),
    (CHARGED_AGAIN, "B1", "S1", "payment_intent_payment_attempt_failed"),
    (CHARGED_AGAIN, "B1", "S1", "card_decline_rate_limit_exceeded"),
    (NEVER, "B1", "S1", "do_not_try_again stop_payment_order revocation_of_authorization"),
    (NEVER, "B1", "S1", "revocation_of_all_authorizations payment_method_customer_decline"),
    (NEVER, "B1", "S6", "fraudulent merchant_blacklist lost_card stolen_card pickup_card"),
    (NEVER, "B1", "S6", "restricted_card"),
    (CHARGED_AGAIN, "B2", "S2", "insufficient_funds withdrawal_count_limit_exceeded"),
    (CHARGED_AGAIN, "B2", "S1", "card_velocity_exceeded"),
    (BY_LINK, "B3", "S3", "incorrect_number invalid_number incorrect_cvc invalid_cvc"),
    (BY_LINK, "B3", "S3", "invalid_expiry_month invalid_expiry_year incorrect_zip"),
    (BY_LINK, "B3", "S3", "incorrect_address postal_code_invalid incorrect_postal_code"),
    (BY_LINK, "B4", "S2", "expired_card expired_payment_method"),
    (CHARGED_AGAIN, "B5", "S4", "processing_error try_again_later issuer_not_available"),
    (CHARGED_AGAIN, "B5", "S4", "reenter_transaction approve_with_id"),
    (CHARGED_AGAIN, "B5", "S4", "three_d_secure_upstream_error"),
    (BUYER_ALONE, "B6", "S5", "authentication_required authentication_not_handled"),
    (BUYER_ALONE, "B6", "S5", "authentication_failure payment_intent_authentication_failure"),
    (BUYER_ALONE, "B6", "S5", "payment_intent_payment_attempt_expired"),
    (BUYER_ALONE, "B6", "S5", "mobile_device_authentication_required"),
    (BY_LINK, "B7", "S1", "card_not_supported currency_not_supported"),
    (BY_LINK, "B7", "S1", "three_d_secure_authentication_not_supported"),
    (BY_LINK, "B1", "S8", "invalid_amount"),
    ((False, True, False), "B8", "S7", "duplicate_transaction"),
    (NEVER, "B9", "S9", "testmode_decline live_mode_test_card"),
    (NEVER, "B10", "S10", "test_mode_live_card"),
    (BY_LINK, "B1", "S2", "incorrect_pin invalid_pin pin_try_exceeded offline_pin_required"),
    (BY_LINK, "B1", "S2", "online_or_offline_pin_required"),
]


@pytest.mark.parametrize(("decided", "buyer", "staff", "codes"), ROWS)
def test_each_code_decides_and_says_what_its_row_says(
    decided: tuple[bool, bool, bool], buyer: str, staff: str, codes: str
) -> None:
    for code in codes.split():
        policy = decline_policy(card_error("card_declined", code))
        assert (policy.may_charge_off_session, policy.same_card_may_work, policy.retry) == decided
        assert (policy.buyer, policy.staff) == (buyer, staff)


def test_no_code_is_without_a_row_here_and_a_sentence_for_both() -> None:
    assert sorted(code for *_, codes in ROWS for code in codes.split()) == sorted(DECLINES)
    assert all(a.buyer in BUYER and a.staff in STAFF for a in DECLINES.values())


def test_a_temporary_problem_is_left_alone_for_an_hour() -> None:
    assert decline_policy(card_error("processing_error")).retry_after == 3600
    advised = card_error("card_declined", "do_not_honor") | {"advice_code": "try_again_later"}
    assert decline_policy(advised).retry_after == 3600


def test_advice_never_takes_back_that_the_buyer_is_needed() -> None:
    error = card_error("authentication_required") | {"advice_code": "try_again_later"}
    assert not decline_policy(error).may_charge_off_session


def test_details_that_the_bank_wants_confirmed_are_not_simply_charged_again() -> None:
    error = card_error("card_declined", "do_not_honor") | {"advice_code": "confirm_card_data"}
    assert not decline_policy(error).same_card_may_work


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
    assert decline_policy(card_error("brand_new_code")) == DECLINES["generic_decline"]


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
