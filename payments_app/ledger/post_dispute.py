"""post_dispute: what a dispute took from a balance with Stripe's fee for it, and what came back
when it was won."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.money import Money
from payments_app.gateway.disputes import movements_of
from payments_app.ledger.balance_transactions import keep_and_post_fee
from payments_app.ledger.models import CONNECTED_BALANCES, DISPUTES, STRIPE_BALANCE
from payments_app.ledger.post import post
from payments_app.ledger.post_connect import TRANSFER, TRANSFER_REVERSAL
from payments_app.payments.connect.account import account_of
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction

WITHDRAWN, REINSTATED = "dispute", "dispute_reinstated"
DISPUTE_FEE = "dispute_fee"

# Entry type, debit and credit of a movement; of a direct charge the merchant's balance follows.
_TAKEN = (WITHDRAWN, DISPUTES, STRIPE_BALANCE)
_CAME_BACK = (REINSTATED, STRIPE_BALANCE, DISPUTES)
_TAKEN_FROM_MERCHANT = (TRANSFER_REVERSAL, STRIPE_BALANCE, CONNECTED_BALANCES)
_CAME_BACK_TO_MERCHANT = (TRANSFER, CONNECTED_BALANCES, STRIPE_BALANCE)


@atomic
def post_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Post each movement of the balance that Stripe names for a dispute, each once, by its id.

    A balance that is kept in another currency moves by the disputed amount in ours; the fee is
    posted in its own. Of a direct charge the money and the fee are the merchant's.

    Raises UnreadableError where a movement has no id.
    """
    dispute = session.scalars(
        select(Dispute).where(Dispute.id == dispute_id).execution_options(populate_existing=True)
    ).one()
    account = account_of(session.get_one(Transaction, dispute.transaction_id))
    for movement in movements_of(as_object(dispute.stripe_data)):
        _post_movement(session, dispute, movement, account)
        keep_and_post_fee(
            session,
            dispute.transaction_id,
            movement,
            account,
            fee_type=DISPUTE_FEE,
            about=movement["id"],
        )


def _post_movement(
    session: Session, dispute: Dispute, movement: dict[str, Any], account: str | None
) -> None:
    taken = movement["amount"] < 0
    steps = [_TAKEN if taken else _CAME_BACK]
    if account:
        steps.append(_TAKEN_FROM_MERCHANT if taken else _CAME_BACK_TO_MERCHANT)
    for entry_type, debit, credit in steps:
        post(
            session,
            entry_type,
            dispute.transaction_id,
            moved(dispute, movement),
            debit=debit,
            credit=credit,
            about=movement["id"],
        )


def moved(dispute: Dispute, movement: dict[str, Any]) -> Money:
    """What a movement of Stripe's balance is posted with: in the dispute's own currency."""
    same = movement["currency"].lower() == dispute.currency
    return Money(abs(movement["amount"]) if same else dispute.amount, dispute.currency)
