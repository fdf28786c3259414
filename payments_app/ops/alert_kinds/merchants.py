"""Alerts of merchants and their accounts at Stripe."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import PAYMENT, Kind

_MERCHANT = "Look at `/staff/merchants`, and ask the merchant to open its onboarding page."

KINDS = {
    "account_unreadable": Kind(
        "Stripe does not let us read a merchant's account; nothing was changed",
        "Look whether the merchant disconnected us. " + _MERCHANT,
        "merchants",
        "when the account was read since",
    ),
    "merchant_left": Kind(
        "a merchant disconnected its account, or Stripe closed it",
        _MERCHANT,
        "merchants",
        "when the account is connected again",
    ),
    "merchant_refused": Kind(
        "Stripe refused to make a merchant's account",
        'What Stripe said is in the alert: of "Accounts v1" or "Accounts v2", set'
        ' `STRIPE_ACCOUNTS_API` or enable the one in Stripe\'s Dashboard; then "Try again" at'
        " `/staff/merchants`.",
        "merchants",
        "when it is tried again",
    ),
    "merchant_waits": Kind(
        "Stripe could not be asked for a merchant's account; it is asked again",
        "What Stripe said is in the alert; set `STRIPE_ACCOUNTS_API` if it names a version.",
        "merchants",
        "when no account waits",
    ),
    "no_link": Kind(
        "a merchant asked for its link to Stripe's form, and none could be made",
        _MERCHANT,
        "merchants",
        "when the account may take payments",
    ),
    "seller_refused": Kind(
        "Stripe refuses payments for a merchant; no buyer was charged",
        _MERCHANT,
        PAYMENT,
        "when the account may take payments",
    ),
    "unknown_zone": Kind(
        "a merchant's time zone is none that this machine knows; its days are settled in"
        " `BUSINESS_TIMEZONE`",
        "Correct `timezone` of the merchant's row, or install the zone (`tzdata`).",
        "merchants",
        "when the zone is known",
    ),
}
