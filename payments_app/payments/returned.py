"""returned: what refunds and disputes, both about one payment, have in common."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, ForeignKey, String, event, select
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from payments_app.payments.models import Transaction


class RefundOrDispute:
    """A row about money of a payment that goes back. `payment_created_at` is the payment's own,
    so that a list of such payments, newest first, walks an index of theirs."""

    transaction_id: Mapped[str] = mapped_column(String(40), ForeignKey("pay_transactions.id"))
    payment_created_at: Mapped[dt.datetime | None]


@event.listens_for(RefundOrDispute, "before_insert", propagate=True)
def _copy_moment(
    _mapper: Mapper[RefundOrDispute], connection: Connection, row: RefundOrDispute
) -> None:
    row.payment_created_at = connection.scalar(
        select(Transaction.created_at).where(Transaction.id == row.transaction_id)
    )
