"""A payment as staff read it: answers to their questions, worked out here and not in a template.

`detail_of` makes plain data that depends on nothing but the row, so that it may be cached by the
row's id and version. `Payment` adds what depends on the reader.

It is the one place where a payment's row becomes what a page, a list or a file shows: whatever the
row holds, it makes a detail of it, with the cells marked that it could not make.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import reference, without_payment_methods
from payments_app.core.money import Money
from payments_app.gateway.calls import STATUSES
from payments_app.gateway.declines import DECLINES, STAFF, DeclinePolicy, decline_policy
from payments_app.gateway.words import describe_unknown, known
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction, amount_words
from payments_app.staff.zones import When, when

log = logging.getLogger(__name__)

NOTHING = "N/A"
MARK = "\u26a0 unreadable"  # stands in a cell that could not be made of what the row holds
SHORT_ID = 18
DASHBOARD = "https://dashboard.stripe.com"

COLUMNS = (
    Transaction.id,
    Transaction.version,
    Transaction.phase,
    Transaction.state,
    Transaction.attempt,
    Transaction.amount,
    Transaction.paid.label("paid"),
    Transaction.currency,
    Transaction.email,
    Transaction.description,
    Transaction.stripe_payment_id,
    Transaction.stripe_status,
    Transaction.livemode,
    Transaction.error,
    Transaction.error_code,
    Transaction.error_message,
    Transaction.card_brand,
    Transaction.card_last4,
    Transaction.receipt_url,
    DIRECT_ACCOUNT.label("account"),
    Transaction.created_at,
    Transaction.ended_at,
)

# Text, class and icon by phase: never by colour alone.
_BADGES = {
    "complete": ("SUCCESS", "badge badge-success", "\u2713"),
    "failed": ("FAILED", "badge badge-danger", "\u2715"),
    "canceled": ("CANCELED", "badge badge-secondary", "\u2298"),
    "created": ("QUEUED", "badge badge-info", "\u2026"),
    "processing": ("PROCESSING", "badge badge-info", "\u2026"),
    "requires_action": ("WAITING FOR CUSTOMER", "badge badge-warning", "!"),
    "awaiting_bank": ("WAITING FOR BANK", "badge badge-info", "\u2026"),
    "unknown": ("CHECKING WITH STRIPE", "badge badge-warning", "?"),
}
_NEXT_STEP = {
    "complete": "No action needed.",
    "canceled": "No payment was made. The customer may pay again.",
    "created": "Queued. It will be charged within seconds. No action needed.",
    "processing": "Stripe is charging the card. No action needed.",
    "requires_action": "The customer must confirm with their bank. After 30 minutes the payment is "
    "cancelled.",
    "awaiting_bank": "Waiting for the bank. No action needed.",
    "unknown": "We lost Stripe's answer and are checking. Don't charge again.",
}
_UNREADABLE = "What is stored of this payment can't be read whole: look at it at Stripe."
_NOT_FROM_THE_BANK = (
    "The bank didn't decline this. Ask the customer to try again. If it happens again, tell the "
    "developers."
)


@dataclass(frozen=True)
class Mark:
    """Something beside the badge, such as a refund."""

    text: str
    icon: str


@dataclass(frozen=True)
class Payment:
    """A detail for one reader. Templates read its attributes and work nothing out."""

    detail: Detail
    zone: ZoneInfo
    customer_id: str | None = None
    marks: tuple[Mark, ...] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.detail, name)

    @property
    def date(self) -> When | None:
        """When the attempt began."""
        return when(self.detail.created_at, self.zone)

    @property
    def ended(self) -> When | None:
        """When it ended; None while it has not."""
        return when(self.detail.ended_at, self.zone)

    @property
    def retry_label(self) -> str | None:
        """The retry's words; None where a retry makes no sense."""
        return "Retry Payment" if self.detail.retry else None


def detail_of(row: Row[Any]) -> Detail:
    """The detail of a row of COLUMNS. A cell that can't be made of what the row holds is marked,
    logged, and named in `odd`."""
    cells: dict[str, Any] = {}
    odd = []
    for name, make, instead in _CELLS:
        try:
            cells[name] = make(row)
        except Exception as error:
            cells[name] = instead
            odd.append(f"{name}: {type(error).__name__}")
    if odd:
        log.error("%s can't be shown whole: %s", row.id, ", ".join(odd))
    return Detail(row.id, row.version, odd, **cells)


def in_words(code: str | None) -> str | None:
    """A code as people read it: `insufficient_funds` is "Insufficient funds"."""
    return code.replace("_", " ").capitalize() if code else None


def said(code: str | None, words: Container[str]) -> str:
    """A word of Stripe's as people read it; one that is not among the `words` that we know, as it
    is: "Stripe says: xyz"."""
    return in_words(known(code, words)) or describe_unknown(code)


def _unknown_status(status: str | None) -> str | None:
    """What Stripe says of an intent, where that is no status that we know; None before the first
    answer."""
    return None if status is None or status in STATUSES else describe_unknown(status)


def _card(brand: str | None, last4: str | None) -> str | None:
    if not last4:
        return None
    name = {"amex": "American Express"}.get(brand or "", in_words(brand) or "Card")
    return f"{name} \u2022\u2022\u2022\u2022 {last4}"


def _stripe_url(payment_id: str | None, account: str | None, *, live: bool) -> str | None:
    """In the dashboard; of a direct charge, in the merchant's account as the platform sees it."""
    if payment_id is None:
        return None
    kind = "setup_intents" if payment_id.startswith("seti_") else "payments"
    whose = f"/{quote(account, safe='')}" if account else ""
    return f"{DASHBOARD}{whose}{'' if live else '/test'}/{kind}/{quote(payment_id, safe='')}"


def _badge(row: Row[Any]) -> tuple[str, str, str]:
    """Text, class and icon; of a phase that this release does not know, its own name."""
    unknown = (row.phase.replace("_", " ").upper(), "badge badge-warning", "?")
    return _BADGES.get(row.phase, unknown)


def _moved(row: Row[Any]) -> str:
    """In the currency's own unit: what was paid, or would have been."""
    amount = row.paid if row.state == "complete" else row.amount
    return str(Money(amount, row.currency).major)


def _error(row: Row[Any]) -> dict[str, Any]:
    """Raises TypeError for what is no error body."""
    if row.error is not None and not isinstance(row.error, dict):
        raise TypeError("an error is an object")
    return as_object(row.error)


def _advice(row: Row[Any]) -> DeclinePolicy | None:
    return decline_policy(_error(row)) if row.phase == "failed" else None


def _reason(row: Row[Any]) -> str | None:
    """Why it failed, in words, from the decline code first."""
    if row.state != "failed":
        return None
    decline = _error(row).get("decline_code")
    if decline:
        return said(decline, DECLINES)
    return in_words(row.error_code or _error(row).get("type")) or "Unknown"


def _error_summary(row: Row[Any]) -> str:
    # What is pending has not failed, whatever its last call met.
    if row.state != "failed":
        return NOTHING
    told = without_payment_methods(row.error_message or "Unknown error occurred")
    return f"{_reason(row)}: {told}"


def _next_step(row: Row[Any]) -> str:
    policy = _advice(row)
    if policy:
        return STAFF[policy.staff]
    return _NOT_FROM_THE_BANK if row.phase == "failed" else _NEXT_STEP.get(row.phase, _UNREADABLE)


def _retry(row: Row[Any]) -> bool:
    policy = _advice(row)
    return row.state == "failed" and (policy is None or policy.retry)


def _https(url: Any) -> str | None:
    """A link that came from outside, if a browser may follow it: never `javascript:`."""
    text = str(url or "")
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return text if local or (parts.scheme == "https" and parts.hostname) else None


def _cell(make: Callable[[Row[Any]], Any], instead: Any) -> Any:
    """A field of Detail: how it is made of a row of COLUMNS, and what stands there instead where
    it can't be."""
    return field(metadata={"make": make, "instead": instead})


@dataclass(frozen=True)
class Detail:
    """All that a page says of a transaction, as plain JSON-like data. `odd` names the cells that
    could not be made."""

    id: str
    version: int
    odd: list[str]
    reference: str = _cell(lambda row: reference(row.id), MARK)
    phase: str = _cell(lambda row: row.phase, MARK)
    state: str = _cell(lambda row: row.state, MARK)
    attempt: int | str = _cell(lambda row: row.attempt, MARK)
    badge: str = _cell(lambda row: _badge(row)[0], MARK)
    badge_class: str = _cell(lambda row: _badge(row)[1], "badge badge-warning")
    icon: str = _cell(lambda row: _badge(row)[2], "?")
    amount: str = _cell(
        lambda row: amount_words(row.state, row.amount, row.paid, row.currency), MARK
    )
    moved: str = _cell(_moved, MARK)
    asked: str = _cell(lambda row: str(Money(row.amount, row.currency).major), MARK)
    currency: str = _cell(lambda row: row.currency.upper(), MARK)
    email: str = _cell(lambda row: row.email, MARK)
    description: str = _cell(lambda row: row.description, MARK)
    card: str | None = _cell(lambda row: _card(row.card_brand, row.card_last4), MARK)
    stripe_id: str | None = _cell(lambda row: row.stripe_payment_id, None)
    stripe_id_short: str = _cell(lambda row: (row.stripe_payment_id or NOTHING)[:SHORT_ID], MARK)
    stripe_says: str | None = _cell(lambda row: _unknown_status(row.stripe_status), MARK)
    stripe_url: str | None = _cell(
        lambda row: _stripe_url(row.stripe_payment_id, row.account, live=row.livemode),
        None,
    )
    error_summary: str = _cell(_error_summary, MARK)
    reason: str | None = _cell(_reason, MARK)
    next_step: str = _cell(_next_step, _UNREADABLE)
    retry: bool = _cell(_retry, False)
    docs_url: str | None = _cell(
        lambda row: _https(_error(row).get("doc_url")) if row.state == "failed" else None,
        None,
    )
    receipt_url: str | None = _cell(
        lambda row: _https(row.receipt_url) if row.state == "complete" else None, None
    )
    created_at: str | None = _cell(lambda row: row.created_at.isoformat(), None)
    ended_at: str | None = _cell(
        lambda row: row.ended_at.isoformat() if row.ended_at else None, None
    )


_CELLS = tuple(
    (each.name, each.metadata["make"], each.metadata["instead"])
    for each in fields(Detail)
    if each.metadata
)
