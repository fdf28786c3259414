"""words: what a row of the history says, in our words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments_app.core.db.ids import without_payment_methods
from payments_app.core.money import Money
from payments_app.payment_requests.find_consents import Ending
from payments_app.payments.states import CORRECTED
from payments_app.staff.cells import in_words

# A title, and what is said beside it. The names in braces are those of `told`.
_WORDS = {
    "payment.created": ("{who} asked to pay {asked}", ""),
    "payment_request.created": ("{who} asked for {sum}", ""),
    "payment_request.sent": ("{who} mailed the link to pay", ""),
    "payment_request.canceled": ("{who} took the link to pay back", ""),
    "payment.processing": ("The charge began", ""),
    "payment.requires_action": ("The bank asked the customer to confirm", ""),
    "payment.awaiting_bank": ("The bank takes its time", ""),
    "payment.unknown": ("Whether it was charged is not known: Stripe is asked", ""),
    "payment.completed": ("Paid {paid}", "{how}"),
    "payment.failed": ("Failed: {why}", "The customer read: “{read}”"),
    "payment.canceled": ("Cancelled, no payment was made", "{text_reason}"),
    "payment.imported": ("Made at Stripe without us, and taken over", ""),
    "payment.restored": ("Brought back from Stripe after a backup was restored", ""),
    CORRECTED: ("Paid after all: corrected to match Stripe", "{how}"),
    "stripe.retry": ("Stripe is asked again in {delay_seconds} s", ""),
    "stripe.retries_exhausted": ("Given up: Stripe refused for too long", "{message}"),
    "refund.requested": ("{who} asked to refund {sum}", "{items_first}“{text_reason}”"),
    "refund.processing": ("The refund is sent to Stripe", ""),
    "subscription.extended": ("Subscription extended", "paid until {until}"),
    "refund.succeeded": ("{sum} refunded", "It is on its way to the customer's bank"),
    "refund.pending": ("The refund of {sum} waits at Stripe", ""),
    "refund.requires_action": ("The refund of {sum} waits for the customer", ""),
    "refund.unknown": ("Whether {sum} was refunded is not known: Stripe is asked", ""),
    "refund.failed": ("The refund of {sum} did not arrive", "{failure}"),
    "refund.canceled": ("The refund of {sum} was cancelled", ""),
    "dispute.opened": ("The customer's bank disputes {sum}", "{code_reason}{answer_by}"),
    "dispute.under_review": ("The customer's bank looks at the evidence", ""),
    "dispute.won": ("The dispute about {sum} was won", ""),
    "dispute.lost": ("The dispute about {sum} was lost", "The money stays with the customer"),
    "dispute.draft_saved": ("{who} saved a draft of the answer to the bank", ""),
    "dispute.file_added": ("{who} added a file to the answer to the bank", ""),
    "dispute.file_removed": ("{who} took a file out of the answer to the bank", ""),
    "dispute.answer_confirmed": ("{who} confirmed the answer to the bank", ""),
    "dispute.answer_submitted": ("The answer was submitted to the bank", ""),
    "dispute.answer_refused": ("Stripe refused the answer to the bank", "{message}"),
    "dispute.acceptance_confirmed": (
        "{who} accepted the dispute about {sum}",
        "The money stays with the customer",
    ),
    "dispute.accepted": ("The bank was told that we accept the dispute", ""),
    "dispute.acceptance_refused": ("Stripe refused to close the dispute", "{message}"),
    "dispute.deadline_told": ("Staff were told of the bank's deadline", ""),
    "dispute.short_told": ("Staff were told that money of a won dispute is missing", ""),
    "fraud_warning.opened": ("The card's bank warns of fraud", "{code_reason}"),
    "staff.note": ("Note", "{text}"),
    "work.taken": ("I take it", ""),
    "work.given_back": ("Given back", ""),
    "work.done": ("Done", ""),
    "work.not_ours": ("Not ours", ""),
    "retry.requested": ("{who} asked for another attempt", ""),
    "retry.opened": ("Another attempt was made", ""),
    "retry.refused": ("No other attempt was made", "{message}"),
    "retry.link_given": ("{who} asked for a link to pay", ""),
    "dead_letter.retried": ("{who} had the job tried again", "“{text_reason}”"),
    "dead_letter.discarded": ("{who} discarded the job", "“{text_reason}”"),
    "order.fulfilled": ("The order was handed over", ""),
    "purchase.downloaded": ("The file was downloaded", ""),
    "order.not_fulfilled": ("The order was not handed over", "{text_reason}"),
    "card.saved": ("The card was saved", ""),
    "card.agreed": ("The customer agreed to later charges of the card", ""),
    "card.consent_ended": (
        "The consent to charge the card without the customer ended",
        "{ended_why} {text_reason}",
    ),
    "mail.receipt.resend_asked": ("{who} had the receipt sent again", ""),
    "reconcile.fix_requested": ("{who} asked to mend the difference in the books", ""),
    "reconcile.revived": ("Its next step was lost, and is scheduled anew", ""),
    "webhook.processed": ("Worked on Stripe's event", ""),
    "webhook.quarantined": ("Stripe's event was set aside: nothing was moved", "{text_reason}"),
}
_MAILED = {
    "sent": "{mail} mailed",
    "kept": "{mail} written, and kept: no mail server is configured",
    "dropped": "{mail} not sent: it was no longer true",
    "undelivered": "{mail} could not be delivered",
}
_TOLD = {
    "delivered": "The merchant was told: {event}",
    "dead": "The merchant could not be told: {event}",
    "skipped": "The merchant was not told, the endpoint is off: {event}",
    "resend_asked": "{who} had the merchant told again: {event}",
}
_ENDED: dict[str, str] = {
    Ending.OWNER: "The customer ended it.",
    Ending.APPLICATION: "The application removed the card.",
    Ending.STAFF: "Staff ended it:",
    Ending.ERASURE: "The customer asked to be erased.",
    Ending.DECLINED: "The bank said that the card must not be tried again.",
    Ending.DISPUTED: "The customer disputed a payment with it.",
    Ending.CARD_REMOVED: "The card was removed, or is gone at Stripe.",
}
_BAD = {
    *("payment.failed", "payment.unknown", "stripe.retries_exhausted", "refund.failed"),
    *("refund.unknown", "dispute.opened", "dispute.lost", "fraud_warning.opened"),
    *("order.not_fulfilled", "webhook.quarantined", CORRECTED),
}
_BAD_ENDS = ("undelivered", "dead")
_TECHNICAL = {"payment.processing", "refund.processing"}
_PLAIN = ("order.", "retry.", "merchant_webhook.", "reconcile.", "card.")


@dataclass(frozen=True)
class Words:
    """A title, what is said beside it, and whether it went wrong."""

    title: str
    detail: str = ""
    bad: bool = False


def is_technical(kind: str, what: str) -> bool:
    """Whether it says how, and not what."""
    if what in _TECHNICAL:
        return True
    return kind in ("stripe", "webhook", "system") and not what.startswith(_PLAIN)


def words(what: str, data: Mapping[str, Any], told: Mapping[str, str]) -> Words:
    """A row of the history; `told` holds what its own data don't: who, asked, paid, how, why, read,
    mail, to and answer_by."""
    values = defaultdict(str, {**_texts(data), **told})
    group, _, rest = what.partition(".")
    state = rest.rpartition(".")[2]
    title, detail = _WORDS.get(what, ("", ""))
    if what == "dispute.opened" and str(data.get("state")).startswith("warning_"):
        title = "The customer's bank asks about {sum}"
    if group == "mail" and state in _MAILED:
        title, detail = _MAILED[state], "{error}" if state == "undelivered" else "to {to}"
    if group == "merchant_webhook":
        title, detail = _TOLD.get(rest, ""), "{to} {error}"
    if group == "webhook" and not title:
        return _event(rest, data)
    if not title:
        named = in_words(what.replace(".", " ")) or what
        return Words(named, "; ".join(f"{name} {value}" for name, value in _facts(data)))
    filled = detail.format_map(values).strip()
    empty = filled in ("“”", "The customer read: “”", "to")
    bad = what in _BAD or state in _BAD_ENDS
    return Words(title.format_map(values), "" if empty else filled, bad)


def money(amount: Any, currency: Any) -> str:
    """An amount for a title; "" of what is none."""
    try:
        return str(Money(amount, currency))
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        return ""


def _event(kind: str, data: Mapping[str, Any]) -> Words:
    """An event of Stripe's, as it came."""
    named = f"Stripe's event “{in_words(kind.replace('.', ' '))}”"
    delivery = data.get("delivery")
    if delivery == "duplicate":
        return Words(f"{named} came once more: nothing was done again")
    if data.get("reason"):
        return Words(f"{named} was set aside: nothing was moved", str(data["reason"]), bad=True)
    return Words(f"{named} came{' late' if delivery == 'late' else ''}")


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    reason = str(data.get("reason") or "")
    failure, delay = data.get("failure_reason"), data.get("delay_seconds")
    return {
        **{name: str(value) for name, value in data.items() if not isinstance(value, dict | list)},
        "sum": money(data.get("amount"), data.get("currency")) or "money",
        "text_reason": reason,
        "ended_why": _ENDED.get(str(data.get("why")), ""),
        "code_reason": in_words(reason) or "",
        "items_first": f"{data['items']}: " if data.get("items") else "",
        "delay_seconds": f"{delay:.1f}" if isinstance(delay, float) else str(delay),
        "failure": in_words(None if failure == "unknown" else failure)
        or str(data.get("message") or ("No reason was given" if failure else "")),
    }


_UNSHOWN = frozenset({"from", "to", "version", "text", "payable", "verdict"})


def _facts(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    if sum_ := money(data.get("amount"), data.get("currency")):
        data = {**data, "amount": sum_, "currency": None}
    return [
        (in_words(name) or name, _value(value))
        for name, value in data.items()
        if name not in _UNSHOWN and value not in (None, "")
    ]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return without_payment_methods(str(value))
