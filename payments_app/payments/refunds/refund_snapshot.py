"""refund_snapshot: what a worker needs of a refund, as plain data, and what it sends to Stripe.

It is read (and where a refund begins, written) in one short database transaction, so that no row
and no connection is held while Stripe is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.payments import states
from payments_app.payments.connect.account import account_of, is_destination_charge
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.client_key import told_key
from payments_app.payments.refunds.models import Refund
from payments_app.payments.repeatable import KEY_SECONDS, older_than, same_parameters


@dataclass(frozen=True)
class RefundSnapshot:
    """One refund as its jobs need it."""

    refund_id: str
    state: str
    intent_id: str
    account: str | None
    stripe_refund_id: str | None
    parameters: dict[str, Any]
    key_forgotten: bool  # sent longer ago than KEY_SECONDS

    @property
    def key(self) -> str:
        """Stripe's idempotency key of the one call that gives money back."""
        return f"refund-{self.refund_id}"


def parameters_for(refund: Refund, transaction: Transaction) -> dict[str, Any]:
    """What is sent, now and at every repetition. Of a merchant's sale we give back our fee, and
    of a destination charge the merchant its share, both in proportion."""
    parameters: dict[str, Any] = {
        "payment_intent": transaction.stripe_payment_id,
        "amount": refund.amount,
        "metadata": {
            "refund_id": refund.id,
            "transaction_id": transaction.id,
            **told_key(refund),
        },
    }
    if refund.stripe_reason:
        parameters["reason"] = refund.stripe_reason
    if is_destination_charge(transaction):
        parameters["reverse_transfer"] = True
    if transaction.platform_fee:
        parameters["refund_application_fee"] = True
    return parameters


def snapshot_of(session: Session, refund: Refund) -> RefundSnapshot:
    """The snapshot of a locked refund, its age by the database's clock."""
    session.flush()
    transaction = states.lock(session, refund.transaction_id)
    forgotten = session.scalar(
        select(older_than(KEY_SECONDS, Refund.sent_at)).where(Refund.id == refund.id)
    )
    return RefundSnapshot(
        refund_id=refund.id,
        state=refund.state,
        intent_id=transaction.stripe_payment_id or "",
        account=account_of(transaction),
        stripe_refund_id=refund.stripe_refund_id,
        parameters=same_parameters(refund.parameters),
        key_forgotten=bool(forgotten),
    )
