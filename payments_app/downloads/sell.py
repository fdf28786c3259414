"""sell: a digital product as the checkout offers it, one copy at a time."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.downloads.find import digital_product, digital_products
from payments_app.downloads.purchase import purchase
from payments_app.payments.sellable import Offer, Sellable


def offer(session: Session, slug: str) -> Offer | None:
    """What the digital product of this slug offers."""
    product = digital_product(session, slug)
    if product is None:
        return None
    return Offer(
        item=product.slug,
        name=product.name,
        summary=product.summary,
        price=product.price,
        begin=lambda session, _quantity, customer: purchase(session, product, customer),
    )


DOWNLOADS = Sellable(offer, "downloads/_for_sale.html", digital_products)
