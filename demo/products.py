"""products: the demo shop's products, and the pictures of all that is sold as one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic, insert_once
from payments_app.orders.pictures import read_picture
from payments_app.orders.product_models import Product, ProductPicture

PICTURES = Path(__file__).with_name("pictures")

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


@atomic
def add_demo_pictures(session: Session) -> int:
    """Add each picture whose product is there and has none; return how many were added."""
    files = {path.stem: path for path in PICTURES.glob("*.svg")}
    products = session.execute(select(Product.id, Product.slug).where(Product.slug.in_(files)))
    return sum(
        insert_once(session, ProductPicture, product_id=id_, **asdict(read_picture(files[slug])))
        for id_, slug in products.all()
    )
