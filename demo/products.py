"""products: the demo shop's products."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic, insert_once
from payments_app.orders.product_models import Product

DEMO_PRODUCTS = (
    ("field-notes", "Field notes", "Three pocket notebooks, 48 pages each, stitched.", 1099, "usd"),
    ("enamel-mug", "Enamel mug", "Steel, twice enamelled, for camp and kitchen.", 2400, "usd"),
    ("canvas-bag", "Canvas bag", "Heavy cotton, two pockets, made to carry books.", 4950, "eur"),
    ("tea-tin", "Sencha in a tin", "First harvest, 80 grams, from Shizuoka.", 1800, "jpy"),
    ("sticker", "Sticker", "One to a customer, with our compliments.", 0, "usd"),
)


@atomic
def add_demo_products(session: Session) -> int:
    """Add the demo's products that are not there yet; return how many were added."""
    return sum(
        insert_once(
            session,
            Product,
            slug=slug,
            name=name,
            summary=summary,
            amount=amount,
            currency=currency,
            max_quantity=10,
            per_customer=1 if slug == "sticker" else None,
            active=True,
            version=1,
        )
        for slug, name, summary, amount, currency in DEMO_PRODUCTS
    )
