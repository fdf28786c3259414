"""on_payment: what a payment's end means for its customer: a card to keep, and the payment status.

It reads what is, not what happened: safe to run twice, and in any order of the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.customers.cards import keep_card
from payments_app.customers.look_again import look_again
from payments_app.customers.models import Customer
from payments_app.payments.models import Role, Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import attempts, joined


@atomic
def on_payment(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a completed or failed payment."""
    customer_id = session.scalar(joined(transaction_id, Role.CUSTOMER))
    if customer_id is None:
        return
    customer = session.get_one(Customer, customer_id, with_for_update=True, populate_existing=True)
    keep_card(session, transaction_id)
    look_again(session, session.get_one(Transaction, transaction_id, populate_existing=True))
    customer.payment_status = _status(session, customer_id)


def payment_status(error: Mapping[str, Any] | None) -> str:
    """`declined`, `insufficient_funds` or `payment_failed`; from the decline code first, since
    insufficient funds are never a code."""
    error = as_object(error)
    if error.get("decline_code") == "insufficient_funds":
        return "insufficient_funds"
    if error.get("decline_code") or error.get("code") == "card_declined":
        return "declined"
    return "payment_failed"


def _status(session: Session, customer_id: str) -> str | None:
    """By the payment that ended last; what nobody was asked to pay says nothing."""
    last = session.scalars(
        attempts(Customer.payable_type, customer_id, Role.CUSTOMER)
        .where(Transaction.phase.in_((Phase.COMPLETE, Phase.FAILED)))
        .order_by(Transaction.ended_at.desc(), Transaction.id.desc())
        .limit(1)
    ).first()
    if last is None or last.state == State.COMPLETE:
        return None
    return payment_status(last.error)
