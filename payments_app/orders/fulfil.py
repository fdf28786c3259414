"""fulfil: hand a paid order over, once; or not at all, where it was refunded in full before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.orders.models import Order
from payments_app.orders.on_payment import live_transaction, lock_order
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.entitlement import Entitlement, entitlement

UNDECIDED_SECONDS = 60.0


@atomic
def fulfil(session: Session, order_id: str, _claim: Claim) -> None:
    """Mark a paid order as handed over to those who pack it; do nothing the second time.

    Raises Later while a refund of all of it is under way.
    """
    order = lock_order(session, order_id)
    if order.status != "paid" or order.fulfilled_at is not None:
        return
    paid = live_transaction(session, order_id)
    # Locked, so that nobody asks for a refund between this look and the handing over.
    owed = entitlement(session, states.lock(session, paid.id)) if paid else Entitlement.OWED
    if owed == Entitlement.UNDECIDED:
        raise Later(UNDECIDED_SECONDS, "a refund of all of it is under way")
    if owed == Entitlement.GIVEN_BACK:
        if order.put_back(session):
            _record(session, "order.not_fulfilled", order, paid, reason="refunded in full")
        return
    order.fulfilled_at = utcnow()
    _record(session, "order.fulfilled", order, paid)


def _record(
    session: Session, what: str, order: Order, paid: Transaction | None, **data: str
) -> None:
    history.record(
        session,
        "system",
        what,
        transaction_id=paid.id if paid else None,
        subject=order.id,
        number=order.number,
        **data,
    )
