"""entitlement: whether a payment still entitles its buyer to what it paid for.

The policy, for whatever is paid for: what was refunded in full is not handed over any more, and
nothing is while such a refund is under way. A part that was given back changes nothing, and a
refund that fails restores everything.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.request import refunded


class Entitlement(StrEnum):
    """What a completed payment is good for."""

    OWED = "owed"
    UNDECIDED = "undecided"  # a refund of all of it is under way
    GIVEN_BACK = "given_back"


def entitlement(session: Session, transaction: Transaction) -> Entitlement:
    """Of a complete transaction, by its refunds as they stand now."""
    if transaction.paid == 0 or refunded(session, transaction.id) < transaction.paid:
        return Entitlement.OWED
    made = session.scalar(
        select(func.sum(Refund.amount)).where(
            Refund.transaction_id == transaction.id, Refund.state == "succeeded"
        )
    )
    done = int(made or 0) >= transaction.paid
    return Entitlement.GIVEN_BACK if done else Entitlement.UNDECIDED
