"""payments: a merchant's own payments, newest first, a keyset page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session, aliased

from payments_app.payments.connect.payee import MERCHANT
from payments_app.payments.models import PaymentRecord, Transaction

PAGE_SIZE = 50


@dataclass(frozen=True)
class PaymentsPage:
    """`older` is the cursor of what comes after, None at the end."""

    rows: list[Transaction]
    older: int | None


def own_payment(session: Session, merchant_id: str, transaction_id: str) -> Transaction | None:
    """A payment that pays this merchant; None for anybody else's as for none."""
    return session.scalar(
        select(Transaction)
        .join(PaymentRecord, Transaction.id == PaymentRecord.transaction_id)
        .where(Transaction.id == transaction_id, *_own(merchant_id))
    )


def payments_of(
    session: Session,
    merchant_id: str,
    before: int | None = None,
    size: int = PAGE_SIZE,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> PaymentsPage:
    """The payments that pay this merchant, of these `conditions`, older than the cursor `before`.

    A cursor that is not one of the merchant's own is as good as one past the end.
    """
    query = (
        select(PaymentRecord.id, Transaction)
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(*_own(merchant_id), *conditions)
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


def _own(merchant_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PaymentRecord.payable_type == MERCHANT,
        PaymentRecord.payable_id == merchant_id,
        PaymentRecord.role == MERCHANT,
    )
