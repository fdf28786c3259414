"""payments: a merchant's own payments, newest first, a keyset page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, aliased

from payments_app.payments.connect.payee import MERCHANT
from payments_app.payments.models import PaymentRecord, Transaction

PAGE_SIZE = 50


@dataclass(frozen=True)
class PaymentsPage:
    """`older` is the cursor of what comes after, None at the end."""

    rows: list[Transaction]
    older: int | None


def payments_of(
    session: Session, merchant_id: str, before: int | None = None, size: int = PAGE_SIZE
) -> PaymentsPage:
    """The payments that pay this merchant, older than the cursor `before`.

    A cursor that is not one of the merchant's own is as good as one past the end.
    """
    own = (
        PaymentRecord.payable_type == MERCHANT,
        PaymentRecord.payable_id == merchant_id,
        PaymentRecord.role == MERCHANT,
    )
    query = (
        select(PaymentRecord.id, Transaction)
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(*own)
        .order_by(PaymentRecord.created_at.desc(), PaymentRecord.id.desc())
        .limit(size + 1)
    )
    if before is not None:
        last = aliased(PaymentRecord)
        position = (
            select(last.created_at)
            .where(last.id == before, last.role == MERCHANT, last.payable_id == merchant_id)
            .scalar_subquery()
        )
        query = query.where(
            tuple_(PaymentRecord.created_at, PaymentRecord.id) < tuple_(position, before)
        )
    found = session.execute(query).all()
    older = found[size - 1][0] if len(found) > size else None
    return PaymentsPage([row[1] for row in found[:size]], older)
