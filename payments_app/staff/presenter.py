"""A payment as staff read it: answers to their questions, worked out here and not in a template.

`detail_of` makes plain data that depends on nothing but the row, so that it may be cached by the
row's id and version. `Payment` adds what depends on the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from payments_app.core.ids import reference, without_payment_methods
from payments_app.core.money import Money
from payments_app.gateway.declines import STAFF, advice_on
from payments_app.payments.direct import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction
from payments_app.staff.zones import When, when

NOTHING = "N/A"
SHORT_ID = 18
DASHBOARD = "https://dashboard.stripe.com"

COLUMNS = (
    Transaction.id,
    Transaction.version,
    Transaction.phase,
    Transaction.state,
    Transaction.attempt,
    Transaction.amount,
    Transaction.currency,
    Transaction.email,
    Transaction.description,
    Transaction.stripe_payment_id,
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
    "requires_action": ("WAITS FOR CUSTOMER", "badge badge-warning", "!"),
    "awaiting_bank": ("AT THE BANK", "badge badge-info", "\u2026"),
    "unknown": ("CHECKING WITH STRIPE", "badge badge-warning", "?"),
}
_NEXT_STEP = {
    "complete": "Nothing to do.",
    "canceled": "No payment was made. The customer may pay again.",
    "created": "It waits for its turn and is charged within seconds.",
    "processing": "It is being charged right now.",
    "requires_action": "The customer has to confirm with their bank. It is cancelled after 30 "
    "minutes without.",
    "awaiting_bank": "The bank takes its time. The answer comes by itself.",
    "unknown": "The answer was lost; Stripe is being asked. Do not charge again.",
}
_NOT_FROM_THE_BANK = (
    "The bank was not what stopped this. Ask the customer to try again, and tell the developers "
    "if it repeats."
)


@dataclass(frozen=True)
class Mark:
    """Something beside the badge, such as a refund."""

    text: str
    icon: str


@dataclass(frozen=True)
class Payment:
    """A detail for one reader. Templates read its attributes and work nothing out."""

    detail: dict[str, Any]
    zone: ZoneInfo
    customer_id: str | None = None
    marks: tuple[Mark, ...] = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self.detail[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def date(self) -> When | None:
        """When the attempt began."""
        return when(self.detail["created_at"], self.zone)

    @property
    def ended(self) -> When | None:
        """When it ended; None while it has not."""
        return when(self.detail["ended_at"], self.zone)

    @property
    def retry_label(self) -> str | None:
        """The retry's words; None where a retry makes no sense."""
        return "Retry Payment" if self.detail["retry"] else None


def detail_of(row: Row[Any]) -> dict[str, Any]:
    """All that a page says of a transaction (a row of COLUMNS), as plain JSON-like data."""
    text, css, icon = _BADGES[row.phase]
    error = row.error or {}
    advice = advice_on(row.error) if row.phase == "failed" else None
    return {
        "id": row.id,
        "version": row.version,
        "reference": reference(row.id),
        "phase": row.phase,
        "state": row.state,
        "attempt": row.attempt,
        "badge": text,
        "badge_class": css,
        "icon": icon,
        "amount": str(Money(row.amount, row.currency)),
        "currency": row.currency.upper(),
        "email": row.email,
        "description": row.description,
        "card": _card(row.card_brand, row.card_last4),
        "stripe_id": row.stripe_payment_id,
        "stripe_id_short": (row.stripe_payment_id or NOTHING)[:SHORT_ID],
        "stripe_url": _stripe_url(row.stripe_payment_id, row.account, live=row.livemode),
        "error_summary": _error_summary(row.state, error, row.error_code, row.error_message),
        "reason": _reason(row.state, error, row.error_code),
        "reason_code": error.get("decline_code") or row.error_code,
        "next_step": _next_step(row.phase, advice.staff if advice else None),
        "advice": advice.staff if advice else None,
        "retry": row.state == "failed" and (advice is None or advice.retry),
        "docs_url": _https(error.get("doc_url")) if row.state == "failed" else None,
        "receipt_url": _https(row.receipt_url) if row.state == "complete" else None,
        "created_at": row.created_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }


def in_words(code: str | None) -> str | None:
    """A code as people read it: `insufficient_funds` is "Insufficient funds"."""
    return code.replace("_", " ").capitalize() if code else None


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


def _reason(state: str, error: dict[str, Any], code: str | None) -> str | None:
    """Why it failed, in words, from the decline code first."""
    if state != "failed":
        return None
    return in_words(error.get("decline_code") or code or error.get("type")) or "Unknown"


def _error_summary(state: str, error: dict[str, Any], code: str | None, message: str | None) -> str:
    # What is pending has not failed, whatever its last call met.
    if state != "failed":
        return NOTHING
    told = without_payment_methods(message or "Unknown error occurred")
    return f"{_reason(state, error, code)}: {told}"


def _next_step(phase: str, advice: str | None) -> str:
    if advice:
        return STAFF[advice]
    return _NEXT_STEP.get(phase, _NOT_FROM_THE_BANK)


def _https(url: Any) -> str | None:
    """A link that came from outside, if a browser may follow it: never `javascript:`."""
    text = str(url or "")
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return text if local or (parts.scheme == "https" and parts.hostname) else None
