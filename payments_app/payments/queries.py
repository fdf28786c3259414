"""Reading transactions."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.payments.models import PaymentRecord, Transaction


@atomic
def phase_of(session: Session, transaction_id: str) -> str:
    """The phase a transaction is in now."""
    return session.scalars(select(Transaction.phase).where(Transaction.id == transaction_id)).one()


def payable_of(session: Session, transaction_id: str) -> tuple[str, str] | None:
    """Type and id of what a transaction pays for; None for a charge of the customer alone."""
    row = session.execute(
        select(PaymentRecord.payable_type, PaymentRecord.payable_id).where(
            PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == "pays_for"
        )
    ).first()
    return (row.payable_type, row.payable_id) if row else None
