"""on_dispute: an order that waited for a dispute's end is handed over, or its goods go back."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.orders.models import Order
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.standing import is_disputed
from payments_app.payments.queries import payable_id_of


@atomic
def on_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Runs after a dispute changed: while one is open nothing is handed over."""
    dispute = session.get_one(Dispute, dispute_id, populate_existing=True)
    order_id = payable_id_of(session, dispute.transaction_id, Order.payable_type)
    if order_id is None or is_disputed(session, dispute.transaction_id):
        return
    key = f"orders.fulfil:{order_id}:{dispute.id}:v{dispute.version}"
    outbox.stage(session, "orders.fulfil", order_id, key=key)
