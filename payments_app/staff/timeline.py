"""Rows of the history as the audit and a subscription's page list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from payments_app.accounts.people import names_of
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.history import SYSTEM, HistoryEntry
from payments_app.payments.states import CORRECTED
from payments_app.staff.causes.words import money
from payments_app.staff.cells import in_words
from payments_app.staff.zones import When, as_shown, when

TECHNICAL = frozenset({"stripe", "webhook", "system"})
_WORDS = {
    "payment.created": "Payment requested",
    "payment.processing": "Charge started",
    "payment.requires_action": "The bank asked the customer to confirm",
    "payment.awaiting_bank": "Waiting for the bank",
    "payment.unknown": "Outcome unknown. Checking with Stripe",
    "payment.completed": "Paid",
    "payment.failed": "Failed",
    "payment.canceled": "Cancelled, no payment was made",
    CORRECTED: "Corrected to match Stripe",
    "stripe.create": "Stripe: intent created",
    "stripe.confirm": "Stripe: charge requested",
    "stripe.retrieve": "Stripe: intent read",
    "stripe.cancel": "Stripe: intent cancelled",
    "dispute.draft_saved": "Draft of the answer to the bank saved",
    "dispute.file_added": "File added to the answer to the bank",
    "dispute.file_removed": "File taken out of the answer to the bank",
    "dispute.answer_confirmed": "Answer to the bank confirmed",
    "dispute.answer_submitted": "Answer submitted to the bank",
    "dispute.answer_refused": "Stripe refused the answer to the bank",
    "dispute.acceptance_confirmed": "Acceptance of the dispute confirmed",
    "dispute.accepted": "Dispute accepted at the bank",
    "dispute.acceptance_refused": "Stripe refused to close the dispute",
    "dispute.deadline_told": "Told of the bank's deadline",
    "dispute.short_told": "Told that money of a won dispute is missing",
    "staff.note": "Note",
    "work.taken": "I take it",
    "work.given_back": "Given back",
    "work.done": "Done",
    "work.not_ours": "Not ours",
}
_ACTORS = {SYSTEM: "System", "buyer": "Customer", "stripe": "Stripe", "worker": "Worker"}
# Shown in words or as the moment itself, or of no use to a person.
_UNSHOWN = frozenset({"from", "to", "version", "text", "payable"})


@dataclass(frozen=True)
class Entry:
    """One line: `facts` are names and values, such as Stripe's request id."""

    title: str
    kind: str
    actor: str
    when: When | None
    text: str | None
    facts: list[tuple[str, str]]
    technical: bool


def entries(session: Session, rows: Sequence[HistoryEntry], zone: ZoneInfo) -> list[Entry]:
    """History rows as a page shows them."""
    names = names_of(session, (row.actor for row in rows))
    return [
        Entry(
            title=_WORDS.get(row.what) or in_words(row.what.replace(".", " ")) or row.what,
            kind=row.kind,
            actor=names.get(row.actor) or _ACTORS.get(row.actor, row.actor),
            when=when(row.at, zone),
            text=as_object(row.data).get("text"),
            facts=_facts(as_object(row.data), zone),
            technical=row.kind in TECHNICAL,
        )
        for row in rows
    ]


def _facts(data: dict[str, Any], zone: ZoneInfo) -> list[tuple[str, str]]:
    if sum_ := money(data.get("amount"), data.get("currency")):
        data = {**data, "amount": sum_, "currency": None}
    return [
        ("Took" if name == "milliseconds" else in_words(name) or name, _value(name, value, zone))
        for name, value in data.items()
        if name not in _UNSHOWN and value not in (None, "")
    ]


def _value(name: str, value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(key, each, zone)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_value(name, each, zone) for each in value)
    if name == "milliseconds":
        return f"{value} ms"
    return as_shown(without_payment_methods(str(value)), zone)
