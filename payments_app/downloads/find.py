"""find: digital products on offer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.downloads.models import DigitalProduct


def digital_products(session: Session) -> Sequence[DigitalProduct]:
    """All that are on offer, in the order in which they were made."""
    offered = select(DigitalProduct).where(DigitalProduct.active).order_by(DigitalProduct.id)
    return session.scalars(offered).all()


def digital_product(session: Session, slug: str) -> DigitalProduct | None:
    """The active digital product of this slug."""
    return session.scalars(
        select(DigitalProduct).where(DigitalProduct.slug == slug, DigitalProduct.active)
    ).first()
