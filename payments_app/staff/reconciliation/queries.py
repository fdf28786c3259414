"""A finding of reconciliation as staff read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import reference
from payments_app.core.history import SYSTEM
from payments_app.core.money import Money, code_of
from payments_app.gateway.numbers import MOST_BIGINT, whole
from payments_app.gateway.words import word
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding
from payments_app.staff.cells import in_words
from payments_app.staff.zones import When, when

# What the button says, and what it will do.
FIXES = {
    "apply_stripe_state": (
        "Apply Stripe's state",
        "We read the payment at Stripe again and apply its state.",
    ),
    "close_intent": ("Close it at Stripe", "Stripe is asked to cancel, so nobody can pay it now."),
    "post_capture": ("Post it", "The missing capture is posted to the ledger, once."),
    "post_refund": ("Post it", "The missing refund is posted to the ledger, once."),
    "post_dispute": ("Post it", "What the dispute moved is posted to the ledger, once."),
    "post_fee": ("Post it", "The fee that Stripe kept is posted to the ledger, once."),
    "post_connect": ("Post it", "The missing share is posted to the ledger, once."),
    "write_receipt": ("Write it", "The receipt is written and sent, once."),
    "send_receipt": ("Send it again", "The same receipt is sent to the same address."),
    "announce_payment": ("Tell the merchant", "The merchant's endpoints are told, once."),
    "announce_refund": ("Tell the merchant", "The merchant's endpoints are told, once."),
    "settle_lines": ("Add it", "What was left out is put on the merchant's next settlement."),
    "refresh_refund": ("Read it from Stripe", "The payment's refunds are read from Stripe again."),
    "refresh_dispute": ("Read it from Stripe", "Its disputes are read from Stripe again."),
    "read_payout": ("Read it from Stripe", "The payout and what it is made of are read again."),
    "revive": ("Resume", "The payment's next step is scheduled; Stripe is asked first."),
    "revive_refund": ("Resume", "The refund's next step is scheduled; it is sent once."),
    "correct_active_record": ("Correct it", "Whether it holds its order is set by its state."),
}
_PAIRED = ("amount", "currency")  # one fact, when a finding has both
_LONGEST = 200  # characters of a fact


@dataclass(frozen=True)
class Difference:
    """One finding for a page: `facts` are names and values; `fix` is the button and what it
    does, None where a person must look."""

    id: int
    words: str
    severity: str
    about: str
    transaction_id: str | None
    facts: list[tuple[str, str]]
    times: int
    found: When | None
    cause: str | None
    who: str | None
    fix: tuple[str, str] | None
    asked_by: str | None
    ended: When | None
    resolution: str | None
    resolved_by: str | None

    @property
    def fixable(self) -> bool:
        """Whether its fix can still be asked for."""
        return self.fix is not None and self.ended is None and self.asked_by is None


def difference_of(finding: Finding, names: Mapping[str, str], zone: ZoneInfo) -> Difference:
    """A finding for a reader; `names` are e-mails by staff id."""
    people = {SYSTEM: "the system", **names}
    kind = KINDS.get(finding.kind)  # another release may know kinds that this one does not
    return Difference(
        id=finding.id,
        words=_sentence(kind.words if kind else in_words(finding.kind) or "unknown"),
        severity=finding.severity,
        about=reference(finding.transaction_id) if finding.transaction_id else finding.subject,
        transaction_id=finding.transaction_id,
        facts=_facts(as_object(finding.details), kind.sides if kind else ()),
        times=finding.times,
        found=when(finding.found_at, zone),
        cause=kind.cause if kind else None,
        who=kind.who if kind else None,
        fix=FIXES.get(finding.fix or ""),
        asked_by=people.get(finding.asked_by or "", finding.asked_by),
        ended=when(finding.resolved_at, zone),
        resolution=in_words(finding.resolution),
        resolved_by=people.get(finding.resolved_by or "", finding.resolved_by),
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _facts(details: Mapping[str, Any], sides: Sequence[str]) -> list[tuple[str, str]]:
    """Names and values, the two that differ first. What Stripe says may be any amount and any
    text."""
    details = {name: details[name] for name in sides if name in details} | {**details}
    amount = whole(details.get("amount"), -MOST_BIGINT, MOST_BIGINT)
    currency = code_of(details.get("currency"))
    paired = amount is not None and currency is not None
    facts = [("Amount", str(Money(amount, currency)))] if paired else []  # type: ignore[arg-type]
    said = [
        (_name(name), word(value, _LONGEST) or "")
        for name, value in details.items()
        if not (paired and name in _PAIRED) and value not in (None, "")
    ]
    return said[: len(sides)] + facts + said[len(sides) :]


def _name(name: str) -> str:
    return (in_words(name) or name).replace("stripe", "Stripe")
