"""Products as public JSON, and their pictures: the same for everybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from payments_app.core.db import reading
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web import cache, headers
from payments_app.core.web.access import public
from payments_app.orders.bestsellers import bestsellers, product_list_version
from payments_app.orders.find import product_for_sale
from payments_app.orders.pictures import MEDIA_TYPES, picture_named
from payments_app.orders.product_models import PICTURES_PATH, Product

BESTSELLERS_SECONDS = 600
_Products = tuple[tuple[Any, ...], ...]  # of each its columns _SHOWN
_SHOWN = ("slug", "name", "summary", "amount", "currency", "max_quantity")
_last = select(func.max(Product.updated_at).label("changed")).subquery()
# All active products, in the order in which they were made; a row without one where there is none.
_FOR_SALE = (
    select(_last.c.changed, *(getattr(Product, name) for name in _SHOWN))
    .select_from(_last.outerjoin(Product, Product.active))
    .order_by(Product.id)
)
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
    """All that is for sale: read each time, and written again where it is not what it was."""
    rows = reading.every(current_app, _FOR_SALE)
    products: _Products = tuple(tuple(row[1:]) for row in rows if row.slug is not None)
    text = _written(products, (url_for("checkout.shop"), current_app.debug))
    answer = Response(text, mimetype="application/json")
    return headers.public(answer, "products", changed=rows[0].changed)


@lru_cache(maxsize=8)
def _written(products: _Products, _where: tuple[str, bool]) -> bytes:
    """The answer that lists these: all that it is made of is named."""
    return jsonify({"products": [_as_json(*shown) for shown in products]}).get_data()


@blueprint.get("/api/v1/products/<slug>")
@public
def show_product(slug: str) -> Response:
    """One product."""
    product = product_for_sale(db.session(), slug)
    if product is None:
        raise NotFound
    changed = product.updated_at.astimezone(dt.UTC)
    return headers.public(jsonify(_json_of(product)), f"product-{product.slug}", changed=changed)


@blueprint.get("/api/v1/bestsellers")
@public
def list_bestsellers() -> Response:
    """What is bought most. It reads a month of orders, so it is kept for ten minutes, or until
    a product changes."""
    version = f"{cache.shape_of(PublicProduct)}:{product_list_version(db.session())}"
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
    return [_json_of(product) for product in bestsellers(db.session())]


def _json_of(product: Product) -> dict[str, Any]:
    return _as_json(*(getattr(product, name) for name in _SHOWN))


def _as_json(*shown: Any) -> dict[str, Any]:
    """Of a product's columns _SHOWN."""
    known = dict(zip(_SHOWN, shown, strict=True))
    price = Money(known["amount"], known["currency"])
    address = url_for("checkout.form", item=known["slug"])
    return asdict(PublicProduct(**known, amount_text=str(price), checkout_url=address))
