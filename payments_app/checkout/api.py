"""Products as public JSON, the same for everybody."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from werkzeug.exceptions import NotFound

from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.offers import product_for_sale, products_for_sale
from payments_app.core import headers
from payments_app.core.access import public
from payments_app.core.extensions import db
from payments_app.orders.models import Product


@blueprint.get("/api/v1/products")
@public
def list_products() -> Response:
    """All that is for sale."""
    products = products_for_sale(db.session())
    return headers.public(jsonify({"products": [_as_json(product) for product in products]}))


@blueprint.get("/api/v1/products/<slug>")
@public
def show_product(slug: str) -> Response:
    """One product."""
    product = product_for_sale(db.session(), slug)
    if product is None:
        raise NotFound
    return headers.public(jsonify(_as_json(product)))


def _as_json(product: Product) -> dict[str, Any]:
    return {
        "slug": product.slug,
        "name": product.name,
        "summary": product.summary,
        "amount": product.amount,
        "currency": product.currency,
        "amount_text": str(product.price),
        "max_quantity": product.max_quantity,
        "checkout_url": url_for("checkout.form", item=product.slug),
    }
