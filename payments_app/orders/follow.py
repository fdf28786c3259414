"""follow: an order's status, by the payments made for it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.database import atomic
from payments_app.core.outbox import Claim
from payments_app.orders.models import Order
from payments_app.payments.models import PaymentRecord, Transaction


@atomic
def follow_payment(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Bring the order that this transaction pays for to where its payments are.

    It reads what is, not what happened: safe to run twice, and in any order of the events.
    """
    order_id = session.scalar(
        select(PaymentRecord.payable_id).where(
            PaymentRecord.transaction_id == transaction_id,
            PaymentRecord.role == "pays_for",
            PaymentRecord.payable_type == Order.payable_type,
        )
    )
    if order_id is None:
        return
    order = session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
    paid = session.scalars(
        select(Transaction)
        .join(PaymentRecord)
        .where(
            PaymentRecord.payable_type == Order.payable_type,
            PaymentRecord.payable_id == order_id,
            PaymentRecord.role == "pays_for",
            Transaction.state == "complete",
        )
    ).first()
    if paid is not None:
        order.status, order.paid_at = "paid", order.paid_at or paid.ended_at
    elif order.status == "open":
        order.status = "payment_failed"
