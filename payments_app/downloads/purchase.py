"""purchase: a buyer's copy of a digital product, still to be paid for."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.downloads.models import DigitalProduct, DigitalPurchase


def purchase(session: Session, product: DigitalProduct, customer_id: str) -> DigitalPurchase:
    """Store an open purchase at the shop's own price."""
    made = DigitalPurchase(
        product=product,
        customer_id=customer_id,
        amount=product.amount,
        currency=product.currency,
    )
    session.add(made)
    session.flush()
    return made
