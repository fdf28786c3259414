"""What was given or taken back of payments: marks beside the badge, and rows on a payment's page.

Read fresh with every page: a refund does not change its payment's version, and so no cached detail
may hold it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.people import names_of
from payments_app.core.money import Money
from payments_app.payments.disputes.models import REASONS, Dispute
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.staff.cells import in_words, said
from payments_app.staff.presenter import Mark
from payments_app.staff.zones import When, when

_TEXT: dict[str, str] = {
    RefundState.REQUESTED: "Refund asked for",
    RefundState.SUCCEEDED: "Refunded",
    RefundState.FAILED: "Refund failed",
}


@dataclass(frozen=True)
class Return:
    """A refund or a dispute as a row of a payment's page."""

    what: str
    state: str
    amount: str
    reason: str
    who: str
    when: When | None
    problem: str | None = None


def marks_of(session: Session, ids: Sequence[str]) -> dict[str, tuple[Mark, ...]]:
    """Marks by payment, for the payments of a page: two queries, whatever its length."""
    marks: dict[str, list[Mark]] = defaultdict(list)
    refunds = session.execute(
        select(Refund.transaction_id, Refund.state, Refund.amount, Refund.currency)
        .where(
            Refund.transaction_id.in_(ids),
            Refund.state.not_in((RefundState.FAILED, RefundState.CANCELED)),
        )
        .order_by(Refund.created_at, Refund.id)
    )
    for row in refunds:
        done = row.state == RefundState.SUCCEEDED
        text = f"{'REFUNDED' if done else 'REFUND PENDING'} {Money(row.amount, row.currency)}"
        marks[row.transaction_id].append(Mark(text, "\u21a9"))
    disputes = session.execute(
        select(Dispute.transaction_id, Dispute.state)
        .where(Dispute.transaction_id.in_(ids))
        .order_by(Dispute.opened_at, Dispute.id)
    )
    for dispute in disputes:
        state = dispute.state.replace("_", " ").upper()
        marks[dispute.transaction_id].append(Mark(f"DISPUTE: {state}", "\u2691"))
    return {id_: tuple(found) for id_, found in marks.items()}


def returns_of(session: Session, transaction_id: str, zone: ZoneInfo) -> list[Return]:
    """Every refund and dispute of a payment, oldest first."""
    refunds = session.scalars(
        select(Refund)
        .where(Refund.transaction_id == transaction_id)
        .order_by(Refund.created_at, Refund.id)
    ).all()
    disputes = session.scalars(
        select(Dispute)
        .where(Dispute.transaction_id == transaction_id)
        .order_by(Dispute.opened_at, Dispute.id)
    )
    names = names_of(session, (refund.requested_by for refund in refunds))
    rows = [
        Return(
            "Refund",
            _TEXT.get(refund.state) or f"Refund {refund.state.replace('_', ' ')}",
            str(refund.money),
            refund.reason,
            names.get(refund.requested_by, refund.requested_by),
            when(refund.created_at, zone),
            refund.unknown_status or refund.error_message,
        )
        for refund in refunds
    ]
    rows += [
        Return(
            "Dispute",
            in_words(dispute.state) or dispute.state,
            str(dispute.money),
            said(dispute.reason, REASONS),
            "The customer's bank",
            when(dispute.opened_at, zone),
            dispute.unknown_status,
        )
        for dispute in disputes
    ]
    return rows
