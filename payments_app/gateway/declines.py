"""What a decline means: one table from Stripe's codes to what follows, and which sentence says it.

Sources: https://docs.stripe.com/declines/codes, https://docs.stripe.com/error-codes
`advice_code` decides the retry and staff's step, never the buyer's sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.decline_sentences import BUYER


@dataclass(frozen=True)
class DeclinePolicy:
    """What a decline means. All that is decided because of it is decided by its fields: `buyer` and
    `staff` are keys of sentences, for people to read and nothing else.

    `needs_buyer`: the buyer must act, so the card is never charged without them.
    `same_card_may_work`: the card may be charged again as it is; else the buyer pays by a link.
    `retry_after`: the least seconds before dunning's next attempt, whatever its plan says; nothing
    else is tried again without a person. None: no attempt is made or offered.
    `takes_advice`: Stripe's `advice_code` makes it more exact, for the code leaves it open.
    `hides_reason`: the code would tell a thief why, so a buyer's program does not read it.
    """

    buyer: str
    staff: str
    needs_buyer: bool = False
    same_card_may_work: bool = True
    retry_after: float | None = 0.0
    takes_advice: bool = False
    hides_reason: bool = False

    @property
    def retry(self) -> bool:
        """Whether another attempt makes sense, however it is made."""
        return self.retry_after is not None

    @property
    def may_charge_off_session(self) -> bool:
        """Whether a card that was declined so may be charged again without its owner."""
        return self.retry and not self.needs_buyer

    @property
    def ends_card(self) -> bool:
        """Whether a card that was declined so must never be charged without its owner again."""
        return not self.retry and not self.same_card_may_work


_LATER = 3600.0
UNMAPPED = DeclinePolicy("B1", "S1", takes_advice=True)


def _rows(policy: DeclinePolicy, codes: str) -> dict[str, DeclinePolicy]:
    return dict.fromkeys(codes.split(), policy)


DECLINES: dict[str, DeclinePolicy] = {
    **_rows(
        UNMAPPED,
        "generic_decline call_issuer do_not_honor no_action_taken not_permitted "
        "security_violation service_not_allowed transaction_not_allowed card_declined "
        "invalid_account new_account_information_available payment_method_restricted "
        "payment_intent_payment_attempt_failed card_decline_rate_limit_exceeded",
    ),
    **_rows(
        DeclinePolicy("B1", "S1", same_card_may_work=False, retry_after=None),
        "do_not_try_again stop_payment_order revocation_of_authorization "
        "revocation_of_all_authorizations payment_method_customer_decline",
    ),
    **_rows(
        DeclinePolicy("B1", "S6", same_card_may_work=False, retry_after=None, hides_reason=True),
        "fraudulent merchant_blacklist lost_card stolen_card pickup_card restricted_card",
    ),
    **_rows(DeclinePolicy("B2", "S2"), "insufficient_funds withdrawal_count_limit_exceeded"),
    **_rows(DeclinePolicy("B2", "S1", takes_advice=True), "card_velocity_exceeded"),
    **_rows(
        DeclinePolicy("B3", "S3", same_card_may_work=False),
        "incorrect_number invalid_number incorrect_cvc invalid_cvc invalid_expiry_month "
        "invalid_expiry_year incorrect_zip incorrect_address postal_code_invalid "
        "incorrect_postal_code",
    ),
    **_rows(
        DeclinePolicy("B4", "S2", same_card_may_work=False), "expired_card expired_payment_method"
    ),
    **_rows(
        DeclinePolicy("B5", "S4", retry_after=_LATER, takes_advice=True),
        "processing_error try_again_later issuer_not_available reenter_transaction "
        "approve_with_id three_d_secure_upstream_error",
    ),
    **_rows(
        DeclinePolicy("B6", "S5", needs_buyer=True),
        "authentication_required authentication_not_handled authentication_failure "
        "payment_intent_authentication_failure payment_intent_payment_attempt_expired "
        "mobile_device_authentication_required",
    ),
    **_rows(
        DeclinePolicy("B7", "S1", same_card_may_work=False, takes_advice=True),
        "card_not_supported currency_not_supported three_d_secure_authentication_not_supported",
    ),
    **_rows(DeclinePolicy("B1", "S8", same_card_may_work=False), "invalid_amount"),
    **_rows(DeclinePolicy("B8", "S7", retry_after=None), "duplicate_transaction"),
    **_rows(
        DeclinePolicy("B9", "S9", same_card_may_work=False, retry_after=None),
        "testmode_decline live_mode_test_card",
    ),
    **_rows(
        DeclinePolicy("B10", "S10", same_card_may_work=False, retry_after=None),
        "test_mode_live_card",
    ),
    **_rows(
        DeclinePolicy("B1", "S2", same_card_may_work=False),
        "incorrect_pin invalid_pin pin_try_exceeded offline_pin_required "
        "online_or_offline_pin_required",
    ),
}
# The codes of a bank that wants the buyer.
NEEDS_BUYER = frozenset(code for code, policy in DECLINES.items() if policy.needs_buyer)
# What Stripe's `advice_code` makes of a policy that takes advice.
_ADVICE: dict[str, dict[str, Any]] = {
    "try_again_later": {"staff": "S4", "retry_after": _LATER},
    "confirm_card_data": {"staff": "S3", "same_card_may_work": False},
    "do_not_try_again": {"staff": "S1"},
}
_CARD_AGAIN, _ALREADY_BOUGHT = "payment_intent_confirmation_token_invalid", "already_bought"


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
    if policy.takes_advice:
        policy = replace(policy, **_ADVICE.get(str(advice_code), {}))
    if advice_code == "do_not_try_again":
        policy = replace(policy, retry_after=None, same_card_may_work=False)
    return policy


def buyer_sentence(
    error: Mapping[str, Any] | None, phase: str, *, free: bool = False
) -> tuple[str, str]:
    """The key and the sentence that a buyer reads of a payment that failed. What did not come
    from the bank is never called a decline, and what is `free` no payment."""
    policy = decline_policy(error)
    if policy is not None:
        return policy.buyer, BUYER[policy.buyer]
    code, kind = as_object(error).get("code"), str(as_object(error).get("type"))
    key = "canceled" if phase == "canceled" else "not_ordered" if free else "not_made"
    if code == _CARD_AGAIN:
        key = "card_again"
    elif code == _ALREADY_BOUGHT:
        key = "already_bought"
    elif kind in {"rate_limit", "rate_limit_exceeded", "api_connection", "api_error"}:
        key = "B5"
    return key, BUYER[key]


def public_code(error: Mapping[str, Any]) -> str:
    """The code that a buyer's program may read: one that would tell a thief why reads as any
    other decline."""
    policy, error = decline_policy(error), as_object(error)
    if policy is not None and policy.hides_reason:
        return "card_declined"
    return str(error.get("code") or error.get("type") or "payment_failed")
