"""standing: whether a payment is disputed now, and what a dispute has taken for good."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from payments_app.payments.disputes.models import CLOSED, Dispute


def is_open() -> ColumnElement[bool]:
    """Condition on Dispute: it is not decided. A status that we do not know is not."""
    return Dispute.state.not_in(CLOSED)


def is_disputed(session: Session, transaction_id: str) -> bool:
    """Whether a dispute or an inquiry about this payment is open."""
    found = select(Dispute.id).where(Dispute.transaction_id == transaction_id, is_open())
    return session.scalar(found.limit(1)) is not None


def lost(session: Session, transaction_id: str) -> int:
    """What decided disputes took of a payment and never gave back, in minor units."""
    total = session.scalar(
        select(func.sum(Dispute.amount)).where(
            Dispute.transaction_id == transaction_id, ~is_open(), Dispute.funds == "withdrawn"
        )
    )
    return int(total or 0)
