"""large_holds: an order that holds more than a part of a product's stock, or the last of it, does
so for minutes: a bank's check that is not finished by then is ended, and its goods are for sale
again.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.orders.on_payment import active_transaction
from payments_app.orders.product_models import Product
from payments_app.orders.stock_holds import LARGE_HOLD_SECONDS, StockHold, is_large
from payments_app.payments.models import PaymentRecord
from payments_app.payments.queries import record_of
from payments_app.payments.transactions.expire import expire_action

AGAIN_SECONDS = 30
FORGIVEN_SECONDS = 3600


def end_large_hold(order_id: str, claim: Claim) -> None:
    """The command of an order that held so much, LARGE_HOLD_SECONDS after it was placed. Raises
    Later while its payment is under way and does not wait for its buyer."""
    waiting = _still_large(order_id)
    if waiting is None:
        return
    expire_action(waiting, claim, after=LARGE_HOLD_SECONDS - AGAIN_SECONDS)
    if _still_large(order_id) is not None:
        raise Later(AGAIN_SECONDS, "its payment is under way", is_try=False)


@atomic
def forget_unfinished(session: Session) -> int:
    """Who left a payment unfinished may hold everything again; returns how many rows went."""
    lately = PaymentRecord.created_at >= database_now(-FORGIVEN_SECONDS)
    tried = select(PaymentRecord.id).where(record_of(Order.payable_type, Order.id), lately)
    old = select(OrderLine.id).join(Order).where(~tried.exists())
    left = StockHold.quantity == 0, StockHold.line_id.in_(old)
    return cast("CursorResult[object]", session.execute(delete(StockHold).where(*left))).rowcount


@atomic
def _still_large(session: Session, order_id: str) -> str | None:
    """The open payment of an order whose hold of some product is large now."""
    active = active_transaction(session, order_id)
    if active is None or active.ended_at is not None:
        return None
    mine = select(StockHold).join(OrderLine, OrderLine.id == StockHold.line_id)
    for hold in session.scalars(mine.where(OrderLine.order_id == order_id)):
        held = select(func.sum(StockHold.quantity)).where(StockHold.product_id == hold.product_id)
        stock = session.get_one(Product, hold.product_id).stock or 0
        if is_large(hold.quantity, stock + (session.scalar(held) or 0), stock):
            return active.id
    return None
