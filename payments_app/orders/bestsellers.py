"""bestsellers: what was bought most, as the public may know it: ranks, no numbers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product

DAYS = 30
RANKS = 10


def bestsellers(session: Session) -> Sequence[Product]:
    """The products for sale of which most were paid for within DAYS, at most RANKS of them."""
    sold = func.sum(OrderLine.quantity)
    return session.scalars(
        select(Product)
        .join(OrderLine, OrderLine.product_id == Product.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Product.active, Order.paid_at > database_now(-DAYS * 86400))
        .group_by(Product.id)
        .order_by(sold.desc(), Product.id)
        .limit(RANKS)
    ).all()


def product_list_version(session: Session) -> str:
    """Changes with any product."""
    count, versions, changed = session.execute(
        select(func.count(), func.sum(Product.version), func.max(Product.updated_at))
    ).one()
    return f"{count}-{versions or 0}-{changed}"
