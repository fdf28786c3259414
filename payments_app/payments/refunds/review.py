"""review: what a refund would do, before anybody asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.payments import states
from payments_app.payments.refunds.remaining import refundable, refunded
from payments_app.payments.refunds.request import RefundRefusedError, why_not
from payments_app.payments.refunds.shares import from_merchant, of_fee


@dataclass(frozen=True)
class RefundReview:
    """What a refund would do. `paid` is the whole payment, `before` what was given back of it or
    is about to be, `left` what can still be, `kept` what remains after this one. Of a merchant's
    sale, `from_merchant` is what it takes from them (of a transfer, its reversal), and `of_fee`
    what we give back of our fee; else None."""

    money: Money
    paid: Money
    before: Money
    left: Money
    kept: Money
    from_merchant: Money | None
    of_fee: Money | None


@atomic
def review_refund(
    session: Session,
    transaction_id: str,
    amount: int,
    *,
    reason: str,
    stripe_reason: str | None = None,
) -> RefundReview:
    """What `request_refund` would do with the same arguments; nothing is stored.

    Raises RefundRefusedError, and sqlalchemy.exc.NoResultFound for an unknown transaction.
    """
    transaction = states.lock(session, transaction_id)
    refusal = why_not(session, transaction, amount, reason, stripe_reason)
    if refusal:
        raise RefundRefusedError(refusal)
    money = Money(amount, transaction.currency)
    left = Money(refundable(session, transaction), transaction.currency)
    before = Money(refunded(session, transaction_id), transaction.currency)
    return RefundReview(
        money,
        transaction.money_paid,
        before,
        left,
        left - money,
        from_merchant=from_merchant(session, transaction, amount),
        of_fee=of_fee(session, transaction, amount),
    )
