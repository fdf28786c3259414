"""sell: a product as the checkout offers it, in each quantity that may be ordered."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.orders.can_be_bought import on_sale, refusal
from payments_app.orders.find import product_for_sale
from payments_app.orders.place import place
from payments_app.payments.sellable import Offer, Sellable


def offer(session: Session, slug: str) -> Offer | None:
    """What the product of this slug offers."""
    product = product_for_sale(session, slug)
    if product is None:
        return None
    return Offer(
        item=product.slug,
        name=product.name,
        summary=product.summary,
        price=product.price,
        begin=lambda session, quantity, customer: place(session, product, quantity, customer),
        max_quantity=product.most,
        payee_id=product.merchant_id,
        refusal=refusal(session, product),
        picture=product.picture,
    )


PRODUCTS = Sellable(offer, "orders/_for_sale.html", on_sale)
