"""refund_or_dispute: what refunds and disputes, both about one payment, have in common."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import Connection, ForeignKey, String, event, select
from sqlalchemy.orm import Mapped, Mapper, mapped_column, object_session

from payments_app.core.db.columns import BIGINT, as_object
from payments_app.core.db.session import note_change
from payments_app.core.money import Money
from payments_app.gateway.words import describe_unknown, known
from payments_app.payments.models import Transaction


class RefundOrDispute:
    """A row about money of a payment that goes back. `payment_created_at` is the payment's own,
    so that a list of such payments, newest first, walks an index of theirs."""

    transaction_id: Mapped[str] = mapped_column(String(40), ForeignKey("pay_transactions.id"))
    payment_created_at: Mapped[dt.datetime | None]
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    stripe_data: Mapped[dict[str, Any] | None]

    STATUSES: ClassVar[frozenset[str]]  # Stripe's own words for it that we know

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)

    @property
    def unknown_status(self) -> str | None:
        """What Stripe says of it, in words, where that is no status that we know."""
        said = as_object(self.stripe_data)
        if "status" not in said:
            return None
        status = said["status"]
        return None if known(status, self.STATUSES) else describe_unknown(status)


@event.listens_for(RefundOrDispute, "before_insert", propagate=True)
def _copy_moment(
    _mapper: Mapper[RefundOrDispute], connection: Connection, row: RefundOrDispute
) -> None:
    row.payment_created_at = connection.scalar(
        select(Transaction.created_at).where(Transaction.id == row.transaction_id)
    )


@event.listens_for(RefundOrDispute, "after_insert", propagate=True)
@event.listens_for(RefundOrDispute, "after_update", propagate=True)
def _note_change(
    _mapper: Mapper[RefundOrDispute], _connection: Connection, row: RefundOrDispute
) -> None:
    session = object_session(row)
    if session is not None:
        note_change(session, row.transaction_id)
