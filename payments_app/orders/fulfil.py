"""fulfil: hand a paid order over, once; or not at all, where it was refunded in full before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.orders.models import Order
from payments_app.orders.on_payment import active_transaction, lock_order, take_goods
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.entitlement import Entitlement, entitlement, tell_of_part

UNDECIDED_SECONDS = 60.0
IN_PART_SECONDS = 3600.0


def fulfil(order_id: str, claim: Claim) -> None:
    """Mark a paid order as handed over to those who pack it; do nothing the second time. One that
    is disputed is looked at again once that is decided (`on_dispute`).

    Raises Later while a refund of all of it is under way, and, once a person was told, while less
    was captured than it costs: that may be refunded, and the goods go back then.
    """
    owed = _fulfil(order_id, tell=claim.tries == 0)
    if owed == Entitlement.UNDECIDED:
        raise Later(UNDECIDED_SECONDS, "a refund of all of it is under way")
    if owed == Entitlement.IN_PART:
        raise Later(IN_PART_SECONDS, "it was captured in part, and a person must look")


@atomic
def _fulfil(session: Session, order_id: str, *, tell: bool) -> Entitlement | None:
    """What the order's payment is good for; None where there was nothing to do."""
    order = lock_order(session, order_id)
    if order.status != "paid" or order.fulfilled_at is not None:
        return None
    paid = active_transaction(session, order_id)
    # Locked, so that nobody asks for a refund between this look and the handing over.
    paid = states.lock(session, paid.id) if paid else None
    owed = entitlement(session, paid, order.price) if paid else Entitlement.OWED
    if owed == Entitlement.OWED:
        if order.hold == "released":  # a dispute that was lost is decided for us after all
            take_goods(session, order)
        order.fulfilled_at = utcnow()
        _record(session, "order.fulfilled", order, paid)
    elif owed == Entitlement.GIVEN_BACK and order.put_back(session):
        _record(session, "order.not_fulfilled", order, paid, reason="refunded in full")
    elif owed == Entitlement.DISPUTED:
        _record(session, "order.not_fulfilled", order, paid, reason="disputed")
    elif owed == Entitlement.IN_PART and paid is not None and tell:
        tell_of_part(session, paid, f"order #{order.number}", order.price)
        _record(session, "order.not_fulfilled", order, paid, reason="captured in part")
    return owed


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
