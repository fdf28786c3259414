"""Products as public JSON, and their pictures: the same for everybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.exceptions import NotFound

from payments_app.core.extensions import db
from payments_app.core.web import cache, headers
from payments_app.core.web.access import public
from payments_app.orders.bestsellers import bestsellers, product_list_version
from payments_app.orders.find import product_for_sale, products_for_sale
from payments_app.orders.pictures import MEDIA_TYPES, picture_named
from payments_app.orders.product_models import PICTURES_PATH, Product

BESTSELLERS_SECONDS = 600
blueprint = Blueprint("products", __name__)


@dataclass(frozen=True)
class PublicProduct:
    """A product as anybody may read it; `amount` in minor units of `currency`."""

    slug: str
    name: str
    summary: str
    amount: int
    currency: str
    amount_text: str
    max_quantity: int
    checkout_url: str


@blueprint.get("/api/v1/products")
@public
def list_products() -> Response:
    """All that is for sale."""
    # First: a change after it makes the date too old, which is safe.
    _, changed = product_list_version(db.session())
    products = products_for_sale(db.session())
    answer = jsonify({"products": [_as_json(product) for product in products]})
    return headers.public(answer, "products", changed=changed)


@blueprint.get("/api/v1/products/<slug>")
@public
def show_product(slug: str) -> Response:
    """One product."""
    product = product_for_sale(db.session(), slug)
    if product is None:
        raise NotFound
    changed = product.updated_at.astimezone(dt.UTC)
    return headers.public(jsonify(_as_json(product)), f"product-{product.slug}", changed=changed)


@blueprint.get("/api/v1/bestsellers")
@public
def list_bestsellers() -> Response:
    """What is bought most. It reads a month of orders, so it is kept for ten minutes, or until
    a product changes."""
    version, _ = product_list_version(db.session())
    version = f"{cache.shape_of(PublicProduct)}:{version}"
    ranked = cache.remembered("bestsellers", version, BESTSELLERS_SECONDS, _ranked)
    return headers.expensive_public(jsonify({"products": ranked}), "bestsellers")


@blueprint.get(f"{PICTURES_PATH}<name>")
@public
@headers.is_a_picture
def show_picture(name: str) -> Response:
    """A product's picture. Its name holds its hash, so it never changes."""
    picture = picture_named(db.session(), name)
    if picture is None:
        raise NotFound
    response = Response(picture.content, mimetype=MEDIA_TYPES[picture.type])
    response.headers["Cache-Control"] = headers.HASHED
    response.set_etag(picture.sha256)
    response.make_conditional(request)
    return response


def _ranked() -> list[dict[str, Any]]:
    return [_as_json(product) for product in bestsellers(db.session())]


def _as_json(product: Product) -> dict[str, Any]:
    return asdict(
        PublicProduct(
            slug=product.slug,
            name=product.name,
            summary=product.summary,
            amount=product.amount,
            currency=product.currency,
            amount_text=str(product.price),
            max_quantity=product.max_quantity,
            checkout_url=url_for("checkout.form", item=product.slug),
        )
    )
