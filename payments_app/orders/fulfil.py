"""fulfil: hand a paid order over, once."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.clock import utcnow
from payments_app.core.database import atomic
from payments_app.core.outbox import Claim
from payments_app.orders.follow import live_transaction, lock_order


@atomic
def fulfil(session: Session, order_id: str, _claim: Claim) -> None:
    """Mark a paid order as handed over to those who pack it; do nothing the second time."""
    order = lock_order(session, order_id)
    if order.status != "paid" or order.fulfilled_at is not None:
        return
    order.fulfilled_at = utcnow()
    paid = live_transaction(session, order_id)
    history.record(
        session,
        "system",
        "order.fulfilled",
        transaction_id=paid.id if paid else None,
        subject=order.id,
        number=order.number,
    )
