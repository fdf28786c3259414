"""payee: the merchant whom a payment pays."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.database import insert_once
from payments_app.merchants.find import default_merchant
from payments_app.payments.models import PaymentRecord

MERCHANT = "merchant"


def merchant_of(session: Session, transaction_id: str) -> str:
    """The id of the merchant whom this transaction pays.

    One that names nobody (new, or first seen in an event of Stripe's) is joined to the shop's own
    merchant in the caller's database transaction.
    """
    named = select(PaymentRecord.payable_id).where(
        PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == MERCHANT
    )
    merchant_id = session.scalar(named)
    if merchant_id is None:
        insert_once(
            session,
            PaymentRecord,
            transaction_id=transaction_id,
            payable_type=MERCHANT,
            payable_id=default_merchant(session).id,
            role=MERCHANT,
        )
        merchant_id = session.scalars(named).one()
    return merchant_id
