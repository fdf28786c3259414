"""remaining: what was given back of a payment, and what still can be."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.payments.disputes.standing import lost
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund


def remaining(session: Session, transaction: Transaction) -> int:
    """What can still be given back of a transaction, in minor units; 0 of one that is not paid."""
    if transaction.state != State.COMPLETE:
        return 0
    return transaction.paid - refunded(session, transaction.id)


def refundable(session: Session, transaction: Transaction) -> int:
    """What we may still give back of it: not what a dispute that is over has given back already,
    which Stripe would let us refund once more."""
    return max(0, remaining(session, transaction) - lost(session, transaction.id))


def refunded(session: Session, transaction_id: str) -> int:
    """What was given back, or is about to be: every refund that did not fail."""
    total = session.scalar(
        select(func.sum(Refund.amount)).where(
            Refund.transaction_id == transaction_id, Refund.state.not_in(NOT_REFUNDED)
        )
    )
    return int(total or 0)
