"""verdict: the truth about a payment in staff's words. Pure: what is so was worked out before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from payments_app.core.money import Money
from payments_app.payments.closed_actions import REFUND_CLOSED, RETRY_CLOSED
from payments_app.payments.truth import (
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    PARTLY_REFUNDED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    Need,
    Truth,
)
from payments_app.reconcile.kinds import KINDS
from payments_app.staff.zones import When, when

# Text, class and icon of a status that is no phase: never by colour alone.
BADGES = {
    REFUNDED: ("Refunded", "badge badge-info", "\u21a9"),
    PARTLY_REFUNDED: ("Partly refunded", "badge badge-info", "\u21a9"),
    REFUND_PENDING: ("Refund pending", "badge badge-info", "\u21a9"),
    REFUND_FAILED: ("Refund failed", "badge badge-danger", "!"),
    DISPUTED: ("Disputed", "badge badge-warning", "\u2691"),
    DISPUTE_LOST: ("Dispute lost", "badge badge-secondary", "\u2691"),
    DISPUTE_WON: ("Dispute won in part", "badge badge-info", "\u2691"),
}
WHO = {
    "refund": "somebody who may refund",
    "answer_dispute": "somebody who may answer the bank",
    "admin": "an administrator",
    "dead_letters": "an administrator",
    "technical": "support",
}
_STEPS = {
    "inquiry": "The customer's bank asks about it, and no money is gone yet. Answer with evidence, "
    "or refund it.",
    "dispute": "Answer the customer's bank with evidence, or accept that the money is gone.",
    "fraud_warning": "The card's bank says that this was fraud. Refund it if you can't prove the "
    "sale: a dispute would cost its fee as well.",
    "finding": "The books differ: {about}. See the reconciliation page.",
    "double": "Likely paid twice by {about}. Ask the customer, and refund one of the two.",
    "stuck": "Nothing has moved for too long. Look at its timeline, and at the queues.",
    "alert": "{about} Open the alert: it says what to do.",
    "dead_job": "A job was given up ({about}). Try it again or discard it.",
}


@dataclass(frozen=True)
class Step:
    """Something that somebody must do: the sentence, who may, and until when."""

    key: str
    what: str
    sentence: str
    by: str
    until: When | None


def words_of(truth: Truth, currency: str) -> str | None:
    """The rest of what is so, beside the status; None where the status says all."""

    def money(amount: int) -> str:
        return str(Money(amount, currency))

    underway = truth.coming - truth.unconfirmed
    if truth.closed.get("retry") in ("paid", "under_way"):
        return "Another attempt was paid" if truth.closed["retry"] == "paid" else "Tried again"
    if truth.status == REFUND_FAILED:
        sums = (need.amount or 0 for need in truth.needs if need.what == REFUND_FAILED)
        return f"{money(sum(sums))} did not arrive"
    found = []
    if truth.returned and truth.status != PARTLY_REFUNDED:
        found.append(f"{money(truth.returned)} refunded")
    if underway:
        found.append(f"{money(underway)} on its way back")
    if truth.unconfirmed:
        found.append(f"{money(truth.unconfirmed)} not confirmed by Stripe yet")
    if truth.taken:
        won = truth.status == DISPUTE_WON
        found.append(f"{money(truth.taken)} {'did not come back' if won else 'taken by the bank'}")
    if any(need.what == "fraud_warning" for need in truth.needs):
        found.append("the bank warns of fraud")
    if truth.status == DISPUTED:
        found.append(_of_dispute(truth, currency))
    elif (found or truth.returned) and truth.kept:
        found.append(f"{money(truth.kept)} kept")
    return ", ".join(found) or None


def steps_of(truth: Truth, currency: str, zone: ZoneInfo) -> list[Step]:
    """What somebody must do, the most urgent first."""
    return [_step(need, currency, zone) for need in truth.needs]


def next_step_of(truth: Truth, plain: str) -> str:
    """One text for what is to be done, or why nothing is; `plain` is what the row alone says."""
    if truth.needs:
        return " ".join(sentence_of(need) for need in truth.needs)
    if truth.status == DISPUTED:
        return "The customer's bank decides. No action needed."
    if truth.unconfirmed:
        return "Stripe has not confirmed the refund yet. It goes on by itself. No action needed."
    if truth.coming:
        return "The money is on its way back. No action needed."
    code = truth.closed.get("retry")
    return RETRY_CLOSED[code] if code in _SAYS_MORE else plain


_SAYS_MORE = frozenset({"paid", "under_way", "newer", "in_progress"})


def sentence_of(need: Need, amount: str = "") -> str:
    """What a need asks for."""
    if need.what == REFUND_FAILED:
        why = f" ({need.about})" if need.about else ""
        return (
            f"A refund{amount and f' of {amount}'} did not reach the customer{why}. "
            "Refund it again, or give the money back in another way."
        )
    about = need.about or need.what
    if is_inquiry(need):
        return _STEPS["inquiry"]
    if need.what == "finding" and about in KINDS:
        about = KINDS[about].words
    if need.what == "alert" and not about.endswith((".", "!", "?")):
        about = f"{about}."
    return _STEPS.get(need.what, "{about}").format(about=about)


def is_inquiry(need: Need) -> bool:
    """Whether a dispute is a bank's question so far: its key names its state."""
    return need.what == "dispute" and need.key.endswith(":warning_needs_response")


def closed_words(action: str, code: str) -> str:
    """Why an action is not open, in a sentence."""
    words = REFUND_CLOSED if action == "refund" else RETRY_CLOSED
    return words.get(code, code)  # a newer release may know more


def _step(need: Need, currency: str, zone: ZoneInfo) -> Step:
    until = when(dt.datetime.fromisoformat(need.until), zone) if need.until else None
    amount = str(Money(need.amount, currency)) if need.amount else ""
    return Step(need.key, need.what, sentence_of(need, amount), WHO.get(need.by, need.by), until)


def _of_dispute(truth: Truth, currency: str) -> str:
    asked = [need.amount for need in truth.needs if need.what == "dispute" and need.amount]
    if not asked:
        return "the bank decides"
    return f"answer the bank, {Money(sum(asked), currency)}"
