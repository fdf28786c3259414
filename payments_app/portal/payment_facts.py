"""payment_facts: what a merchant reads of a payment: what is so in a word, and what happened."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.gateway.declines import buyer_sentence
from payments_app.merchants.models import Endpoint
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds import items
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund, RefundState
from payments_app.payments.truth import (
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    PARTLY_REFUNDED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    truth_of,
)

# Words, class and icon: never by colour alone.
_STATUSES = {
    REFUNDED: ("Refunded", "badge badge-info", "\u21a9"),
    PARTLY_REFUNDED: ("Partly refunded", "badge badge-info", "\u21a9"),
    REFUND_PENDING: ("Refund pending", "badge badge-info", "\u21a9"),
    REFUND_FAILED: ("Refund failed", "badge badge-danger", "!"),
    DISPUTED: ("Disputed", "badge badge-warning", "\u2691"),
    DISPUTE_LOST: ("Dispute lost", "badge badge-secondary", "\u2691"),
    DISPUTE_WON: ("Dispute won in part", "badge badge-info", "\u2691"),
    State.COMPLETE: ("Paid", "badge badge-success", "\u2713"),
    State.FAILED: ("Not paid", "badge badge-danger", "\u2715"),
}
_PENDING = ("Pending", "badge badge-info", "\u2026")


def status_of(payment: Transaction) -> tuple[str, str, str]:
    """What is so with a payment: the words, their class, their icon."""
    truth = truth_of(payment) if payment.attention is not None else None
    return _STATUSES.get(truth.status if truth else "") or _STATUSES.get(payment.state, _PENDING)


def refunded(session: Session, ids: Sequence[str]) -> dict[str, int]:
    """What was given back of payments, in minor units; by payment."""
    return _sums(session, ids, Refund.state == RefundState.SUCCEEDED)


def being_refunded(session: Session, ids: Sequence[str]) -> dict[str, int]:
    """The same of refunds that are on their way, or whose outcome is not known yet."""
    return _sums(session, ids, Refund.state.not_in((*NOT_REFUNDED, RefundState.SUCCEEDED)))


def _sums(session: Session, ids: Sequence[str], which: ColumnElement[bool]) -> dict[str, int]:
    rows = session.execute(
        select(Refund.transaction_id, func.sum(Refund.amount))
        .where(Refund.transaction_id.in_(ids), which)
        .group_by(Refund.transaction_id)
    )
    found: dict[str, int] = defaultdict(int)
    found.update((row[0], int(row[1])) for row in rows)
    return found


def sums_of(session: Session, payment: Transaction) -> list[tuple[str, Money]]:
    """The money of a payment by what it is."""
    back = refunded(session, [payment.id])[payment.id]
    currency = payment.currency
    found = [("Paid" if payment.success else "Asked for", Money(payment.amount, currency))]
    if payment.success:
        found = [("Paid", payment.money_paid)]
    if back:
        found.append(("Refunded", Money(back, currency)))
    if waits := being_refunded(session, [payment.id])[payment.id]:
        found.append(("Refund pending", Money(waits, currency)))
    if payment.fee_taken is not None and payment.success:
        found.append(("Our fee", Money(payment.fee_taken, currency)))
    return found


@dataclass(frozen=True)
class Happened:
    """One thing that happened: nothing that only our staff may read."""

    at: dt.datetime
    words: str
    detail: str = ""


def happened(session: Session, payment: Transaction, merchant_id: str) -> list[Happened]:
    """What this merchant may know of it, oldest first."""
    found = [Happened(payment.created_at, f"{payment.email} asked to pay {payment.amount_words}")]
    if payment.ended_at is not None and payment.success:
        found.append(Happened(payment.ended_at, f"Paid {payment.money_paid}"))
    elif payment.ended_at is not None:
        found.append(Happened(payment.ended_at, "Not paid", why_not_paid(payment)))
    refunds = select(Refund).where(Refund.transaction_id == payment.id)
    for refund in session.scalars(refunds):
        state = {"succeeded": "Refunded", "failed": "A refund failed:"}.get(refund.state)
        words = f"{state or 'A refund was asked for:'} {refund.money}"
        found.append(Happened(refund.created_at, words, items.in_words(refund.items)))
    disputes = select(Dispute).where(Dispute.transaction_id == payment.id)
    for dispute in session.scalars(disputes):
        does = "asks about" if dispute.is_inquiry else "disputes"
        words = f"The customer's bank {does} {dispute.money}"
        found.append(Happened(dispute.opened_at, words, dispute.state_words))
    for row in session.execute(_told(payment.id, merchant_id)):
        if row.at is not None:
            words = f"Your endpoint was told: {row.type.replace('_', ' ')}"
            found.append(Happened(row.at, words, row.url.partition("?")[0]))
    return sorted(found, key=lambda each: each.at)


def why_not_paid(payment: Transaction) -> str:
    """As the customer read it: a bank's own reason may be none of a merchant's business."""
    return buyer_sentence(payment.error, payment.phase)[1] if not payment.success else ""


def _told(transaction_id: str, merchant_id: str) -> Select[dt.datetime | None, str, str]:
    return (
        select(Delivery.delivered_at.label("at"), WebhookEvent.type, Endpoint.url)
        .join(WebhookEvent, WebhookEvent.id == Delivery.event_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(
            WebhookEvent.transaction_id == transaction_id,
            WebhookEvent.merchant_id == merchant_id,
            Delivery.delivered_at.is_not(None),
        )
    )
