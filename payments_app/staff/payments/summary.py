"""summary: the top of a payment's page: what happened, what the customer read, what to tell them,
what to do next, by whom and until when, and what is not possible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.people import names_of
from payments_app.attention.models import WorkItem
from payments_app.core.db.clock import utcnow
from payments_app.notices.models import Mail
from payments_app.payments.phases import Phase, State
from payments_app.payments.truth import (
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    PARTLY_REFUNDED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    Truth,
)
from payments_app.staff.causes.words import money
from payments_app.staff.presenter import Payment
from payments_app.staff.verdict import Step
from payments_app.staff.zones import When, time_left, when

_TELL = {
    Phase.COMPLETE: "The payment went through.",
    Phase.CANCELED: "No payment was made. You may pay again.",
    Phase.CREATED: "The payment is on its way. Please don't pay again.",
    Phase.PROCESSING: "The payment is on its way. Please don't pay again.",
    Phase.REQUIRES_ACTION: "Your bank asks you to confirm the payment. Nothing was charged yet.",
    Phase.AWAITING_BANK: "Your bank takes its time. Please don't pay again.",
    Phase.UNKNOWN: "We're checking with your bank. Please don't pay again.",
    REFUNDED: "We refunded it. Banks take 5 to 10 working days to show a refund.",
    PARTLY_REFUNDED: "We refunded {returned}. Banks take 5 to 10 working days to show it.",
    REFUND_PENDING: "We refund {coming}.",
    REFUND_FAILED: "Your bank sent the refund back to us. We give you the money in another way.",
    DISPUTED: "Your bank decides about it now. Until then we can't refund it.",
    DISPUTE_LOST: "Your bank gave you back {taken}. We can't refund it once more.",
    DISPUTE_WON: "Your bank decided that the payment stands. {taken} of it did not come back.",
}
_HAPPENED = {
    State.COMPLETE: "Paid",
    State.FAILED: "Failed",
    State.PENDING: "Begun",
}


@dataclass(frozen=True)
class Task:
    """A step that somebody must do; `left` the time until its deadline, `owner` who took it."""

    step: Step
    left: str | None
    owner: str | None


@dataclass(frozen=True)
class Summary:
    """Sentences for the top of the page. `read` is what the customer read last, `read_at`
    when, and `read_by` the address that it went to; `closed` says why an action that
    one may look for is not open."""

    happened: str
    read: str | None
    read_at: When | None
    read_by: str | None
    tell: str
    tasks: list[Task]
    closed: list[str]
    money: list[tuple[str, str]]


def summary_of(session: Session, payment: Payment, zone: ZoneInfo) -> Summary:
    """The summary of a payment, for a reader in this zone."""
    mail = session.execute(
        select(Mail.subject, Mail.sent_at, Mail.recipient)
        .where(Mail.transaction_id == payment.id, Mail.state == "sent")
        .order_by(Mail.sent_at.desc(), Mail.id)
        .limit(1)
    ).first()
    told = payment.buyer_read
    return Summary(
        happened=_happened(payment, zone),
        read=told or (mail.subject if mail else None),
        read_at=when(mail.sent_at, zone) if mail and not told else None,
        read_by=mail.recipient if mail and not told else None,
        tell=_tell(payment),
        tasks=_tasks(session, payment.steps),
        closed=_closed(payment),
        money=_money(payment),
    )


def _happened(payment: Payment, zone: ZoneInfo) -> str:
    """What is so, in a sentence."""
    at = when(payment.detail.ended_at or payment.detail.created_at, zone)
    word = "Cancelled" if payment.phase == Phase.CANCELED else _HAPPENED.get(payment.state, "")
    if at is None or not word:
        return str(payment.badge)
    said = f"{word} on {at.text}"
    tells = payment.state == State.FAILED and payment.phase != Phase.CANCELED
    if tells or (payment.state == State.PENDING and payment.reason):
        return f"{said}. {payment.error_summary}"
    if payment.truth and payment.truth.status == DISPUTED:
        return f"{said}. The customer's bank disputes it."
    if payment.truth and payment.truth.status == REFUND_FAILED:
        return f"{said}. A refund came back: {payment.words}."
    if payment.truth and payment.truth.status == PARTLY_REFUNDED:
        return "{said}. {returned} refunded, {kept} kept.".format(
            said=said, **_sums(payment.truth, payment)
        )
    rest = payment.words or ("" if payment.state != State.PENDING else payment.badge)
    return f"{said}. {rest[:1].upper()}{rest[1:]}{'.' if rest else ''}".strip()


def _tell(payment: Payment) -> str:
    if payment.state == State.FAILED and payment.buyer_read:
        return f"{payment.buyer_read} Nothing was charged."
    truth = payment.truth
    status = truth.status if truth else payment.phase
    if truth and truth.closed.get("retry") == "paid":
        return "Another attempt went through. You have paid."
    return _TELL.get(status, "We look into it.").format_map(_sums(truth, payment))


def _sums(truth: Truth | None, payment: Payment) -> dict[str, str]:
    names = ("returned", "coming", "taken", "kept")
    return {name: money(getattr(truth, name, 0), payment.currency) for name in names}


def _tasks(session: Session, steps: list[Step]) -> list[Task]:
    if not steps:
        return []
    rows = session.execute(
        select(WorkItem.key, WorkItem.owner).where(WorkItem.key.in_([step.key for step in steps]))
    )
    owners = {row.key: row.owner for row in rows if row.owner}
    names = names_of(session, owners.values())
    now = utcnow()
    return [
        Task(
            step,
            time_left(dt.datetime.fromisoformat(step.until.iso), now) if step.until else None,
            names.get(owners.get(step.key, ""), owners.get(step.key)),
        )
        for step in steps
    ]


def _closed(payment: Payment) -> list[str]:
    """Why actions are not open: of a payment that succeeded nobody looks for a retry, nor of one
    that failed for a refund."""
    asked = {State.COMPLETE: "refund", State.FAILED: "retry"}.get(payment.state)
    said = payment.closed.get(asked) if asked else None
    return [f"No {asked}: {said}"] if said else []


def _money(payment: Payment) -> list[tuple[str, str]]:
    """What came, went back and was kept, where more is so than the amount."""
    truth = payment.truth
    if truth is None or payment.state != State.COMPLETE:
        return []
    named = (
        ("Refunded", truth.returned),
        ("On its way back", truth.coming - truth.unconfirmed),
        ("Not confirmed by Stripe yet", truth.unconfirmed),
        ("Taken by the bank", truth.taken),
    )
    gone = [(name, f"\u2212{money(sum_, payment.currency)}") for name, sum_ in named if sum_]
    return [*gone, ("Kept", money(truth.kept, payment.currency))] if gone else []
