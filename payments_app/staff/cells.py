"""cells: what the cells of a payment say, each made of a row of the presenter's columns.

A cell raises what it likes about a row that it can't read: the presenter marks it.
"""

from __future__ import annotations

import math
from collections.abc import Container
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Row

from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.money import Money
from payments_app.gateway.calls import STATUSES
from payments_app.gateway.decline_sentences import STAFF
from payments_app.gateway.declines import DECLINES, DeclinePolicy, buyer_sentence, decline_policy
from payments_app.gateway.words import describe_unknown, known
from payments_app.payments.phases import Phase, State
from payments_app.payments.transactions.expire import BANK_CONFIRMATION_SECONDS
from payments_app.payments.truth import plain

NOTHING = "N/A"
DASHBOARD = "https://dashboard.stripe.com"

# Text, class and icon by phase: never by colour alone.
_BADGES = {
    Phase.COMPLETE: ("Paid", "badge badge-success", "\u2713"),
    Phase.FAILED: ("Failed", "badge badge-danger", "\u2715"),
    Phase.CANCELED: ("Cancelled", "badge badge-secondary", "\u2298"),
    Phase.CREATED: ("Queued", "badge badge-info", "\u2026"),
    Phase.PROCESSING: ("Processing", "badge badge-info", "\u2026"),
    Phase.REQUIRES_ACTION: ("Waiting for customer", "badge badge-warning", "!"),
    Phase.AWAITING_BANK: ("Waiting for bank", "badge badge-info", "\u2026"),
    Phase.UNKNOWN: ("Checking with Stripe", "badge badge-warning", "?"),
}
_NEXT_STEP = {
    Phase.COMPLETE: "No action needed.",
    Phase.CANCELED: "No payment was made. The customer may pay again.",
    Phase.CREATED: "Queued. It will be charged within seconds. No action needed.",
    Phase.PROCESSING: "Stripe is charging the card. No action needed.",
    Phase.REQUIRES_ACTION: "The customer must confirm with their bank. After "
    f"{BANK_CONFIRMATION_SECONDS // 60} minutes the payment is cancelled.",
    Phase.AWAITING_BANK: "Waiting for the bank. No action needed.",
    Phase.UNKNOWN: "We lost Stripe's answer and are checking. Don't charge again.",
}
UNREADABLE = "What is stored of this payment can't be read whole: look at it at Stripe."
_NOT_FROM_THE_BANK = (
    "The bank didn't decline this. Ask the customer to try again. If it happens again, tell the "
    "developers."
)


def in_words(code: str | None) -> str | None:
    """A code as people read it: `insufficient_funds` is "Insufficient funds"."""
    return code.replace("_", " ").capitalize() if code else None


def said(code: str | None, words: Container[str]) -> str:
    """A word of Stripe's as people read it; one that is not among the `words` that we know, as it
    is: "Stripe says: xyz"."""
    return in_words(known(code, words)) or describe_unknown(code)


def unknown_status(status: str | None) -> str | None:
    """What Stripe says of an intent, where that is no status that we know; None before the first
    answer."""
    return None if status is None or status in STATUSES else describe_unknown(status)


def card(brand: str | None, last4: str | None) -> str | None:
    if not last4:
        return None
    name = {"amex": "American Express"}.get(brand or "", in_words(brand) or "Card")
    return f"{name} \u2022\u2022\u2022\u2022 {last4}"


def stripe_url(payment_id: str | None, account: str | None, *, live: bool) -> str | None:
    """In the dashboard; of a direct charge, in the merchant's account as the platform sees it."""
    if payment_id is None:
        return None
    kind = "setup_intents" if payment_id.startswith("seti_") else "payments"
    whose = f"/{quote(account, safe='')}" if account else ""
    return f"{DASHBOARD}{whose}{'' if live else '/test'}/{kind}/{quote(payment_id, safe='')}"


def badge(row: Row[Any]) -> tuple[str, str, str]:
    """Text, class and icon; of a phase that this release does not know, its own name."""
    unknown = (row.phase.replace("_", " ").capitalize(), "badge badge-warning", "?")
    return _BADGES.get(row.phase, unknown)


def moved(row: Row[Any]) -> str:
    """In the currency's own unit: what was paid, or would have been."""
    amount = row.paid if row.state == State.COMPLETE else row.amount
    return str(Money(amount, row.currency).major)


def error(row: Row[Any]) -> dict[str, Any]:
    """Raises TypeError for what is no error body."""
    if row.error is not None and not isinstance(row.error, dict):
        raise TypeError("an error is an object")
    return as_object(row.error)


def policy_of(row: Row[Any]) -> DeclinePolicy | None:
    return decline_policy(error(row)) if row.phase == Phase.FAILED else None


def reason(row: Row[Any]) -> str | None:
    """Why it failed, in words, from the decline code first."""
    if row.state != State.FAILED:
        return None
    decline = error(row).get("decline_code")
    if decline:
        return said(decline, DECLINES)
    return in_words(row.error_code or error(row).get("type")) or "Unknown"


def error_summary(row: Row[Any]) -> str:
    # What is pending has not failed, whatever its last call met.
    if row.state != State.FAILED:
        return NOTHING
    told = without_payment_methods(row.error_message or "Unknown error occurred")
    return f"{reason(row)}: {told}"


def next_step(row: Row[Any]) -> str:
    policy = policy_of(row)
    if policy:
        return STAFF[policy.staff]
    return (
        _NOT_FROM_THE_BANK if row.phase == Phase.FAILED else _NEXT_STEP.get(row.phase, UNREADABLE)
    )


def closed(row: Row[Any]) -> dict[str, str]:
    """Why actions are not open, by what the row alone says: codes of payments/truth.py."""
    error(row)  # what can't be read decides nothing
    return dict(plain(row).closed)


def buyer_read(row: Row[Any]) -> str | None:
    """What the customer's own page says of a payment that failed."""
    return buyer_sentence(error(row), row.phase)[1] if row.state == State.FAILED else None


def retry_makes_sense(row: Row[Any]) -> str | None:
    """When another attempt makes sense, where it failed."""
    if row.state != State.FAILED:
        return None
    policy = policy_of(row)
    if policy is None:
        return "Any time"
    if policy.retry_after is None:
        return "Never"
    if policy.needs_buyer:
        return "Only with the customer, who must confirm it with their bank"
    if not policy.same_card_may_work:
        return "With other card details"
    hours = math.ceil(policy.retry_after / 3600)
    return f"Once, {hours} hour{'s' if hours > 1 else ''} after it failed" if hours else "Any time"


def https(url: Any) -> str | None:
    """A link that came from outside, if a browser may follow it: never `javascript:`."""
    text = str(url or "")
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return text if local or (parts.scheme == "https" and parts.hostname) else None
