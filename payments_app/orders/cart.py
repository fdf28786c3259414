"""The cart: slugs and quantities in the buyer's signed cookie, and nothing in the database."""

from __future__ import annotations

from dataclasses import dataclass

from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.orders.models import Product
from payments_app.orders.place import NotOneOrderError, place_lines

MOST_LINES = 20


class CartError(ValueError):
    """The cart can't be changed or ordered so; the message is for the buyer."""


@dataclass(frozen=True)
class Line:
    """So many of one product."""

    product: Product
    quantity: int

    @property
    def total(self) -> Money:
        """The price of all of them."""
        return self.product.price * self.quantity


def lines(session: Session) -> list[Line]:
    """What is in the cart, at today's prices; what is no longer sold is left out."""
    wanted: dict[str, int] = cookie.get("cart", {})
    products = session.scalars(select(Product).where(Product.slug.in_(wanted), Product.active))
    return [
        Line(product, min(wanted[product.slug], product.most))
        for product in sorted(products, key=lambda product: list(wanted).index(product.slug))
    ]


def total(found: list[Line]) -> Money | None:
    """The sum of the lines; None of none, and of prices in two currencies."""
    if len({line.product.currency for line in found}) != 1:
        return None
    amount = sum(line.total.amount for line in found)
    return Money(amount, found[0].product.currency)


def put(session: Session, slug: str, quantity: int) -> None:
    """Set how many of a product are in the cart; 0 takes it out. Raises CartError."""
    cart: dict[str, int] = dict(cookie.get("cart", {}))
    if quantity <= 0:
        cart.pop(slug, None)
    else:
        _check(session, cart, slug, quantity)
        cart[slug] = quantity
    cookie["cart"] = cart


def _check(session: Session, cart: dict[str, int], slug: str, quantity: int) -> None:
    product = session.scalar(select(Product).where(Product.slug == slug, Product.active))
    if product is None:
        raise CartError("This product is no longer available.")
    if quantity > product.most:
        raise CartError(f"You can order up to {product.most} of {product.name}.")
    if len(cart) >= MOST_LINES and slug not in cart:
        raise CartError(f"A cart holds up to {MOST_LINES} different things.")
    others = session.execute(
        select(Product.currency, Product.merchant_id)
        .where(Product.slug.in_(set(cart) - {slug}))
        .distinct()
    ).all()
    if any(other.currency != product.currency for other in others):
        raise CartError(
            f"{product.name} is sold in {product.currency.upper()} and your cart is in "
            f"{others[0].currency.upper()}: please order what is in the cart first."
        )
    if any(other.merchant_id != product.merchant_id for other in others):
        raise CartError(
            f"{product.name} is sold by another seller than what is in your cart: please order "
            "what is in the cart first."
        )


@atomic
def order_cart(session: Session) -> str:
    """Place an order of what is in the cart; return its id.

    Raises CartError for an empty cart, and where a product was put into another currency or given
    to another seller since it was put in.
    """
    found = lines(session)
    if not found:
        raise CartError("Your cart is empty.")
    try:
        return place_lines(session, [(line.product, line.quantity) for line in found]).id
    except NotOneOrderError as problem:
        raise CartError(str(problem)) from problem


def empty() -> None:
    """Take everything out."""
    cookie.pop("cart", None)


def count() -> int:
    """How many things are in the cart."""
    return sum(cookie.get("cart", {}).values())
