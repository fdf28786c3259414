"""post_refund: what went back to the buyer, and what came back because it did not arrive.

Of a direct charge it comes back to the merchant's account: it passes on to theirs.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.ledger.models import CONNECTED_BALANCES, REFUNDS, STRIPE_BALANCE
from payments_app.ledger.post import REFUND, REFUND_FAILED, is_posted, post
from payments_app.ledger.post_connect import TRANSFER
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund, RefundState, lock


@atomic
def post_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Post a refund as it is now: posted once it succeeded, reversed when it failed
    after that. It reads what is, so that it may run twice and in any order of the events."""
    refund = lock(session, refund_id)
    if refund.state == RefundState.SUCCEEDED:
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
        _take_back(session, refund)


def _take_back(session: Session, refund: Refund) -> None:
    about = f"{refund.id}_failed"
    post(
        session,
        REFUND_FAILED,
        refund.transaction_id,
        refund.money,
        debit=STRIPE_BALANCE,
        credit=REFUNDS,
        about=about,
    )
    if account_of(session.get_one(Transaction, refund.transaction_id)):
        post(
            session,
            TRANSFER,
            refund.transaction_id,
            refund.money,
            debit=CONNECTED_BALANCES,
            credit=STRIPE_BALANCE,
            about=about,
        )
