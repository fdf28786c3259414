"""large_holds: an order that holds more than a part of a product's stock, or the last of it, does
so for minutes: a bank's check that is not finished by then is ended, and its goods are for sale
again.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import CursorResult, Select, delete, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.orders.on_payment import active_transaction
from payments_app.orders.product_models import Product
from payments_app.orders.stock_holds import (
    END_LARGE_HOLD,
    LARGE_HOLD_SECONDS,
    StockHold,
    is_large,
)
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.phases import Phase
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
def end_grown_holds(session: Session) -> None:
    """Have holds ended that became large after they were made, as others bought what was beside
    them. Of each product it is the one that waits longest: the others may be a part then."""
    held = func.sum(StockHold.quantity)
    there = dict(
        session.execute(select(StockHold.product_id, held).group_by(StockHold.product_id)).all()
    )
    ended: set[int] = set()
    for product_id, quantity, stock, order_id in session.execute(_waiting_long()).all():
        left = stock or 0
        if product_id in ended or not is_large(quantity, left + there[product_id], left):
            continue
        ended.add(product_id)
        outbox.stage_every(session, AGAIN_SECONDS, END_LARGE_HOLD, order_id)


def _waiting_long() -> Select[int, int, int | None, str]:
    """Holds whose buyer's bank waits for longer than a large one may, the oldest first."""
    longest = Transaction.phase_at <= database_now(-LARGE_HOLD_SECONDS)
    return (
        select(StockHold.product_id, StockHold.quantity, Product.stock, OrderLine.order_id)
        .join(OrderLine, OrderLine.id == StockHold.line_id)
        .join(Product, Product.id == StockHold.product_id)
        .join(PaymentRecord, record_of(Order.payable_type, OrderLine.order_id))
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(StockHold.quantity > 0, Product.stock.is_not(None), PaymentRecord.active)
        .where(Transaction.phase == Phase.REQUIRES_ACTION, longest)
        .order_by(Transaction.phase_at, Transaction.id)
    )


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
