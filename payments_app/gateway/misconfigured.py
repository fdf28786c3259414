"""Which of Stripe's 400s are our mistake, and not the buyer's: a closed list.

A wrong parameter of ours, or an account that may not charge: every buyer would fail by it. What a
buyer can cause (a used card, an odd token, an amount) is never on the list. When confirming, a 400
without code or parameter is the card's or the token's.
Source: https://docs.stripe.com/error-codes
"""

from __future__ import annotations

from dataclasses import replace

from payments_app.gateway.results import Answer, Verdict

_ACCOUNT_CODES = frozenset(
    {
        "capability_not_active",
        "country_unsupported",
        "livemode_mismatch",
        "not_allowed_on_standard_account",
        "payment_method_unactivated",
        "platform_account_required",
        "platform_api_key_expired",
        "secret_key_required",
        "testmode_charges_only",
        "tls_version_unsupported",
    }
)
_PARAMETER_CODES = frozenset(
    {
        "application_fees_not_allowed",
        "parameter_invalid_empty",
        "parameter_invalid_integer",
        "parameter_invalid_string_blank",
        "parameter_invalid_string_empty",
        "parameter_missing",
        "parameter_unknown",
        "parameters_exclusive",
        "payment_intent_invalid_parameter",
        "payment_method_types_no_longer_supported",
        "setup_intent_invalid_parameter",
        "url_invalid",
    }
)
# What a buyer's choice or form may have put there: never our mistake, whatever the code.
_BUYERS = frozenset({"amount", "confirmation_token", "customer", "email", "payment_method"})
# What only our code and settings put there.
_OURS = frozenset(
    {
        "allowed_payment_method_types",
        "application_fee_amount",
        "automatic_payment_methods",
        "capture_method",
        "currency",
        "description",
        "expand",
        "metadata",
        "off_session",
        "return_url",
        "setup_future_usage",
        "usage",
        "use_stripe_sdk",
    }
)
_TOKENS = frozenset({"confirmation_token", "payment_method"})


def sort_our_mistake(answer: Answer) -> Answer:
    """The same answer, MISCONFIGURED where its refusal is on the list."""
    if answer.verdict != Verdict.INVALID or answer.http_status != 400:
        return answer
    code, param = _code_and_param(answer)
    if param in _BUYERS or answer.error_type != "invalid_request_error":
        return answer
    if code is not None:
        ours = code in _ACCOUNT_CODES or code in _PARAMETER_CODES
    elif param is not None:
        ours = param in _OURS
    else:
        ours = answer.call != "confirm"
    return replace(answer, verdict=Verdict.MISCONFIGURED) if ours else answer


def is_about_account(answer: Answer) -> bool:
    """Whether a refusal that is on the list is about the account it was sent for, and no
    parameter."""
    code, param = _code_and_param(answer)
    return answer.refused and (code in _ACCOUNT_CODES or (code is None and param is None))


def is_of_no_token(answer: Answer) -> bool:
    """Whether Stripe does not know the buyer's token or card: one buyer may have made it up, but
    a publishable key of another account makes every buyer's so."""
    code, param = _code_and_param(answer)
    return answer.refused and code == "resource_missing" and param in _TOKENS


def _code_and_param(answer: Answer) -> tuple[str | None, str | None]:
    """The error's code, and the parameter at its top: `transfer_data` of a field inside it."""
    error = answer.error or {}
    code, param = error.get("code"), error.get("param")
    param = param.partition("[")[0] if isinstance(param, str) else None
    return (code if isinstance(code, str) else None) or None, param or None
