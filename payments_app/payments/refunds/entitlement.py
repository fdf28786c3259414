"""entitlement: whether a payment still entitles its buyer to what it paid for.

The policy, for whatever is paid for: what was refunded in full is not handed over any more, and
nothing is while such a refund is under way, or a dispute or an inquiry is open. A part that was
given back changes nothing; a refund that fails and a dispute that is won restore everything. What a
lost dispute took counts as refunded. What was captured only in part is not handed over at all: a
person is told.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.money import Money
from payments_app.payments.disputes.standing import is_disputed, lost
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.refunds.remaining import refunded

_NOT_HANDED_OVER = "It was not handed over: do that by hand, or refund what was captured"


class Entitlement(StrEnum):
    """What a completed payment is good for."""

    OWED = "owed"
    UNDECIDED = "undecided"  # a refund of all of it is under way
    DISPUTED = "disputed"  # until the bank has decided
    GIVEN_BACK = "given_back"
    IN_PART = "in_part"  # less was captured than it costs


def is_whole(transaction: Transaction, price: Money) -> bool:
    """Whether a complete transaction took all of the price."""
    return transaction.currency == price.currency and transaction.paid >= price.amount


def tell_of_part(
    session: Session,
    transaction: Transaction,
    payable_id: str,
    price: Money,
    then: str = _NOT_HANDED_OVER,
) -> None:
    """Tell a person, in the caller's transaction, that only a part was paid, and what to do."""
    alerts.raise_alert(
        session,
        "paid_in_part",
        f"paid_in_part:{transaction.id}",
        f"{transaction.id}: {transaction.amount_words}, and {payable_id} costs {price}. {then}",
        transaction_id=transaction.id,
    )


def entitlement(session: Session, transaction: Transaction, price: Money) -> Entitlement:
    """Of a complete transaction for something of this `price`, by its refunds and disputes as they
    stand now."""
    taken = lost(session, transaction.id)
    if transaction.paid == 0 or refunded(session, transaction.id) + taken < transaction.paid:
        if is_disputed(session, transaction.id):
            return Entitlement.DISPUTED
        return Entitlement.OWED if is_whole(transaction, price) else Entitlement.IN_PART
    made = session.scalar(
        select(func.sum(Refund.amount)).where(
            Refund.transaction_id == transaction.id, Refund.state == RefundState.SUCCEEDED
        )
    )
    done = int(made or 0) + taken >= transaction.paid
    return Entitlement.GIVEN_BACK if done else Entitlement.UNDECIDED
