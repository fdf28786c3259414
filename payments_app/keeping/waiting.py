"""waiting: what of a customer's must end before they can be erased."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.customers.models import Customer
from payments_app.keeping.customer_data import paid_by
from payments_app.orders.models import Order
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.standing import is_open
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import UNCLEAR, Refund, RefundState
from payments_app.subscriptions.models import RUNNING, Subscription

_UNDER_WAY = (*UNCLEAR, RefundState.REQUESTED, RefundState.PROCESSING)
DAY = 86_400


def waits_for(session: Session, customer: Customer) -> list[str]:
    """What an erasure waits for, a phrase each; empty where nothing is left."""
    paid = paid_by(customer.id)
    days: int = current_app.config["CONFIG"].legal_keeping_days
    asked = {
        "a payment that has not ended": select(Transaction.id).where(
            Transaction.id.in_(paid), Transaction.state == State.PENDING
        ),
        "a refund under way": select(Refund.id).where(
            Refund.transaction_id.in_(paid), Refund.state.in_(_UNDER_WAY)
        ),
        "a dispute that is open": select(Dispute.id).where(
            Dispute.transaction_id.in_(paid), is_open()
        ),
        "a subscription that runs: end it first": select(Subscription.id).where(
            Subscription.customer_id == customer.id, Subscription.status.in_(RUNNING)
        ),
        "an order that is paid and not handed over": select(Order.id).where(
            Order.customer_id == customer.id,
            Order.status == "paid",
            Order.fulfilled_at.is_(None),
            Order.hold != "released",
        ),
        f"the legal keeping of its payments ({days} days)": select(Transaction.id).where(
            Transaction.id.in_(paid),
            Transaction.state == State.COMPLETE,
            Transaction.created_at > database_now(-days * DAY),
        ),
    }
    return [words for words, found in asked.items() if session.scalar(found.limit(1)) is not None]
