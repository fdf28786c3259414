"""What is true now of a payment that somebody is to be told about."""

from __future__ import annotations

from sqlalchemy import or_
from sqlalchemy.orm import Session

from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import gave_its_intent_away
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import attempts, payable_of
from payments_app.payments.transactions.expire import EXPIRED
from payments_app.payments.transactions.leave import CARD_REMOVED
from payments_app.subscriptions.final_bill import FinalBill


def failure_stands(session: Session, transaction_id: str) -> bool:
    """Whether the buyer may be told that this payment failed: it did, or was given up since it
    waited too long for Stripe or for us, and nothing was tried after it, is being tried now, or
    succeeded for the same thing."""
    mine = session.get_one(Transaction, transaction_id, populate_existing=True)
    payable = payable_of(session, transaction_id)
    given_up = {EXPIRED["code"]}
    if payable and payable[0] == FinalBill.payable_type:
        given_up.add(CARD_REMOVED)  # it was said to be charged to that card
    was_given_up = mine.phase == Phase.CANCELED and mine.error_code in given_up
    if not (was_given_up or mine.phase == Phase.FAILED) or gave_its_intent_away(mine):
        return False
    if payable is None:
        return True
    others = (
        attempts(*payable)
        .where(
            Transaction.id != transaction_id,
            or_(Transaction.attempt > mine.attempt, Transaction.state != State.FAILED),
        )
        .limit(1)
    )
    return session.scalar(others) is None
