"""What was given or taken back of payments: marks beside the badge, and rows on a payment's page.

Read fresh with every page: a refund does not change its payment's version, and so no cached detail
may hold it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select, union_all
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
    """Marks by payment, for the payments of a page: one query, whatever its length. Refunds first,
    each kind from the oldest on."""
    refunds = select(
        literal(0).label("kind"),
        Refund.transaction_id,
        Refund.state,
        Refund.amount,
        Refund.currency,
        Refund.created_at.label("at"),
        Refund.id,
    ).where(
        Refund.transaction_id.in_(ids),
        Refund.state.not_in((RefundState.FAILED, RefundState.CANCELED)),
    )
    disputes = select(
        literal(1),
        Dispute.transaction_id,
        Dispute.state,
        Dispute.amount,
        Dispute.currency,
        Dispute.opened_at,
        Dispute.id,
    ).where(Dispute.transaction_id.in_(ids))
    marks: dict[str, list[Mark]] = defaultdict(list)
    for row in session.execute(union_all(refunds, disputes).order_by("kind", "at", "id")):
        money = Money(row.amount, row.currency)
        mark = _disputed(row.state) if row.kind else _refunded(row.state, money)
        marks[row.transaction_id].append(mark)
    return {id_: tuple(found) for id_, found in marks.items()}


def _refunded(state: str, money: Money) -> Mark:
    done = state == RefundState.SUCCEEDED
    return Mark(f"{'REFUNDED' if done else 'REFUND PENDING'} {money}", "\u21a9")


def _disputed(state: str) -> Mark:
    return Mark(f"DISPUTE: {state.replace('_', ' ').upper()}", "\u2691")


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
