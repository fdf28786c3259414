"""post_refund: what went back to the buyer, and what came back because it did not arrive."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.database import atomic
from payments_app.core.outbox import Claim
from payments_app.ledger.models import REFUNDS, STRIPE_BALANCE
from payments_app.ledger.post import is_posted, post
from payments_app.payments.refunds import NOT_REFUNDED, lock

REFUND, REFUND_FAILED = "refund", "refund_failed"


@atomic
def post_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Bring the ledger to where a refund is: posted once it succeeded, reversed when it failed
    after that. It reads what is, so that it may run twice and in any order of the events."""
    refund = lock(session, refund_id)
    if refund.state == "succeeded":
        post(
            session,
            REFUND,
            refund.transaction_id,
            refund.money,
            debit=REFUNDS,
            credit=STRIPE_BALANCE,
            about=refund.id,
        )
    elif refund.state in NOT_REFUNDED and is_posted(session, f"{REFUND}_{refund.id}"):
        post(
            session,
            REFUND_FAILED,
            refund.transaction_id,
            refund.money,
            debit=STRIPE_BALANCE,
            credit=REFUNDS,
            about=f"{refund.id}_failed",
        )
