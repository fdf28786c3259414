"""What was given or taken back of a payment: rows on its page."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.people import names_of
from payments_app.core.money import Money
from payments_app.payments.disputes.models import REASONS, Dispute
from payments_app.payments.disputes.taken import not_back
from payments_app.payments.refunds import items as paid_items
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.staff.cells import said
from payments_app.staff.zones import When, when

_TEXT: dict[str, str] = {
    RefundState.REQUESTED: "Refund requested",
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
    dispute_id: str | None = None


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
            refund_words(refund.state),
            str(refund.money),
            ": ".join(filter(None, (paid_items.in_words(refund.items), refund.reason))),
            names.get(refund.requested_by, refund.requested_by),
            when(refund.created_at, zone),
            refund.unknown_status or refund.error_message,
        )
        for refund in refunds
    ]
    rows += [
        Return(
            "Inquiry" if dispute.is_inquiry else "Dispute",
            dispute.state_words,
            _amount(dispute),
            said(dispute.reason, REASONS),
            "The customer's bank",
            when(dispute.opened_at, zone),
            dispute.unknown_status,
            dispute.id,
        )
        for dispute in disputes
    ]
    return rows


def _amount(dispute: Dispute) -> str:
    """What it is about; of one that was won, how much of it came back where that is not all."""
    short = not_back(dispute) if (dispute.state, dispute.funds) == ("won", "reinstated") else 0
    if not short:
        return str(dispute.money)
    came_back = Money(max(0, dispute.amount - short), dispute.currency)
    return f"{came_back} of {dispute.money} came back"


def refund_words(state: str) -> str:
    """Where a refund stands."""
    return _TEXT.get(state) or f"Refund {state.replace('_', ' ')}"
