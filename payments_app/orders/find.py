"""find: products for sale."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.orders.product_models import Product
from payments_app.payments.sellable import ITEM


def products_for_sale(session: Session) -> Sequence[Product]:
    """All active products, in the order in which they were made."""
    return session.scalars(select(Product).where(Product.active).order_by(Product.id)).all()


def product_for_sale(session: Session, slug: str) -> Product | None:
    """The active product of this slug."""
    if not ITEM.fullmatch(slug):
        return None
    return session.scalars(select(Product).where(Product.slug == slug, Product.active)).first()
