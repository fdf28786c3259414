"""post_dispute: what a dispute took from our balance, and what came back when it was won."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.database import atomic
from payments_app.core.money import Money
from payments_app.core.outbox import Claim
from payments_app.ledger.models import DISPUTES, STRIPE_BALANCE
from payments_app.ledger.post import post
from payments_app.payments.disputes import Dispute

WITHDRAWN, REINSTATED = "dispute", "dispute_reinstated"


@atomic
def post_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Post each movement of our balance that Stripe names for a dispute, each once, by its id.

    A balance that is kept in another currency moves by the disputed amount in ours.
    """
    dispute = session.scalars(
        select(Dispute).where(Dispute.id == dispute_id).execution_options(populate_existing=True)
    ).one()
    for movement in dispute.stripe_data.get("balance_transactions") or []:
        taken = movement["amount"] < 0
        same = movement["currency"] == dispute.currency
        amount = abs(movement["amount"]) if same else dispute.amount
        post(
            session,
            WITHDRAWN if taken else REINSTATED,
            dispute.transaction_id,
            Money(amount, dispute.currency),
            debit=DISPUTES if taken else STRIPE_BALANCE,
            credit=STRIPE_BALANCE if taken else DISPUTES,
            about=movement["id"],
        )
