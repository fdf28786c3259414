"""What a decline means: one table from Stripe's codes to what the buyer reads and staff do.

Sources: https://docs.stripe.com/declines/codes, https://docs.stripe.com/error-codes
`advice_code` decides the retry and staff's step, never the buyer's sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from payments_app.core.db.columns import as_object


@dataclass(frozen=True)
class DeclinePolicy:
    """Keys of the buyer's and of staff's sentence, and whether trying again makes sense."""

    buyer: str
    staff: str
    retry: bool = True


BUYER = {
    "B1": "Your bank declined this payment. Contact your bank or use another card.",
    "B2": "Your card does not have enough funds, or has reached a limit. "
    "Use another card or try again later.",
    "B3": "Some of the card details are wrong. Check the number, the expiry date and the "
    "security code, and try again.",
    "B4": "This card has expired. Use another card.",
    "B5": "A temporary problem stopped this payment. Try again.",
    "B6": "Your bank needs you to confirm this payment. "
    "Try again and follow your bank's instructions.",
    "B7": "This card can't be used for this purchase or currency. Use another card.",
    "B8": "A payment like this one was just made. Check for its receipt before you try again.",
    "B9": "Test cards can't be charged. Use a real card.",
    # Not declines: the bank was not what stopped these.
    "canceled": "This payment was cancelled. You were not charged.",
    "card_again": "Your card details have expired. Enter your card again.",
    "not_made": "We couldn't make this payment. Try again.",
}
STAFF = {
    "S1": "Ask the customer to call their bank, with the amount, the time and our business name.",
    "S2": "Ask the customer to use another card.",
    "S3": "Ask the customer to enter the card's details again.",
    "S4": "Retry once, later. If it is declined again, the customer must contact their bank.",
    "S5": "Ask the customer to pay again and confirm with their bank (3-D Secure).",
    "S6": "Do not tell the customer the reason and do not retry. Check for fraud.",
    "S7": "Check for an earlier payment first.",
    "S8": "Check the amount.",
    "S9": "Check the configuration: a test card was used with a live key.",
}

CLOSE_MOUTHED = DeclinePolicy("B1", "S6", retry=False)
UNMAPPED = DeclinePolicy("B1", "S1")
_CHECK_FIELD = DeclinePolicy("B3", "S3")
_CONFIRM = DeclinePolicy("B6", "S5")
_PIN = DeclinePolicy("B1", "S2")


def _rows(policy: DeclinePolicy, codes: str) -> dict[str, DeclinePolicy]:
    return dict.fromkeys(codes.split(), policy)


DECLINES: dict[str, DeclinePolicy] = {
    **_rows(
        DeclinePolicy("B1", "S1"),
        "generic_decline call_issuer do_not_honor no_action_taken not_permitted "
        "security_violation service_not_allowed transaction_not_allowed card_declined "
        "invalid_account new_account_information_available payment_method_restricted "
        "payment_intent_payment_attempt_failed card_decline_rate_limit_exceeded",
    ),
    **_rows(
        DeclinePolicy("B1", "S1", retry=False),
        "do_not_try_again stop_payment_order revocation_of_authorization "
        "revocation_of_all_authorizations payment_method_customer_decline",
    ),
    **_rows(
        CLOSE_MOUTHED,
        "fraudulent merchant_blacklist lost_card stolen_card pickup_card restricted_card",
    ),
    **_rows(DeclinePolicy("B2", "S2"), "insufficient_funds withdrawal_count_limit_exceeded"),
    **_rows(DeclinePolicy("B2", "S1"), "card_velocity_exceeded"),
    **_rows(
        _CHECK_FIELD,
        "incorrect_number invalid_number incorrect_cvc invalid_cvc invalid_expiry_month "
        "invalid_expiry_year incorrect_zip incorrect_address postal_code_invalid "
        "incorrect_postal_code",
    ),
    **_rows(DeclinePolicy("B4", "S2"), "expired_card expired_payment_method"),
    **_rows(
        DeclinePolicy("B5", "S4"),
        "processing_error try_again_later issuer_not_available reenter_transaction "
        "approve_with_id three_d_secure_upstream_error",
    ),
    **_rows(
        _CONFIRM,
        "authentication_required authentication_not_handled authentication_failure "
        "payment_intent_authentication_failure payment_intent_payment_attempt_expired",
    ),
    **_rows(
        DeclinePolicy("B7", "S1"),
        "card_not_supported currency_not_supported three_d_secure_authentication_not_supported",
    ),
    **_rows(DeclinePolicy("B1", "S8"), "invalid_amount"),
    **_rows(DeclinePolicy("B8", "S7", retry=False), "duplicate_transaction"),
    **_rows(DeclinePolicy("B9", "S9", retry=False), "testmode_decline"),
    **_rows(
        _PIN,
        "incorrect_pin invalid_pin pin_try_exceeded offline_pin_required "
        "online_or_offline_pin_required",
    ),
}
_CARD_AGAIN = "payment_intent_confirmation_token_invalid"


# Stripe's `advice_code` makes staff's step more exact where the code alone leaves it open.
_OPEN_STEPS = {"S1", "S4"}
_STEP_OF_ADVICE = {"try_again_later": "S4", "confirm_card_data": "S3", "do_not_try_again": "S1"}


def decline_policy(error: Mapping[str, Any] | None) -> DeclinePolicy | None:
    """The decline policy of an error body: by its decline code, else by its code, then by Stripe's
    `advice_code`. A card error that the table does not know is UNMAPPED; what is no card error
    has no policy."""
    error = as_object(error)
    codes = [error.get(name) for name in ("decline_code", "code")]
    known = (code for code in codes if isinstance(code, str) and code in DECLINES)
    policy = next((DECLINES[code] for code in known), None)
    if policy is None:
        policy = UNMAPPED if error.get("type") == "card_error" else None
    return policy and _refined(policy, error.get("advice_code"))


def _refined(policy: DeclinePolicy, advice_code: str | None) -> DeclinePolicy:
    step = _STEP_OF_ADVICE.get(str(advice_code))
    if step and policy.staff in _OPEN_STEPS and policy.retry:
        policy = replace(policy, staff=step)
    return replace(policy, retry=False) if advice_code == "do_not_try_again" else policy


def buyer_sentence(error: Mapping[str, Any] | None, phase: str) -> tuple[str, str]:
    """The key and the sentence that a buyer reads of a payment that failed. What did not come
    from the bank is never called a decline."""
    policy = decline_policy(error)
    if policy is not None:
        return policy.buyer, BUYER[policy.buyer]
    code, kind = as_object(error).get("code"), str(as_object(error).get("type"))
    key = "canceled" if phase == "canceled" else "not_made"
    if code == _CARD_AGAIN:
        key = "card_again"
    elif kind in {"rate_limit", "rate_limit_exceeded", "api_connection", "api_error"}:
        key = "B5"
    return key, BUYER[key]


def public_code(error: Mapping[str, Any]) -> str:
    """The code that a buyer's program may read: one that would tell a thief why reads as any
    other decline."""
    policy, error = decline_policy(error), as_object(error)
    if policy is not None and policy.staff == CLOSE_MOUTHED.staff:
        return "card_declined"
    return str(error.get("code") or error.get("type") or "payment_failed")
