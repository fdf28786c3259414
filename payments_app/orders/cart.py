"""The cart: slugs and quantities in the buyer's signed cookie, and nothing in the database.

The cookie names the orders that were made of it, too. What is in one of them leaves the cart once
it is paid, and not before: whoever goes back from the checkout finds all of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.orders.can_be_bought import refusal
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt

MOST_LINES = 20


class CartError(ValueError):
    """The cart can't be changed or ordered so; the message is for the buyer."""


@dataclass(frozen=True)
class Line:
    """So many of one product; `refusal` says why they can't be bought now, empty where they can.
    `is_gone` where not even one can be."""

    product: Product
    quantity: int
    refusal: str = ""
    is_gone: bool = False

    @property
    def total(self) -> Money:
        """The price of all of them."""
        return self.product.price * self.quantity


def lines(session: Session) -> list[Line]:
    """What is in the cart, at today's prices; what is no longer sold is left out."""
    held = _held(session)
    return [_line(session, *sold, held) for sold in _sold(session)]


def _line(session: Session, product: Product, quantity: int, held: Counter[int]) -> Line:
    words = refusal(session, product, quantity, held[product.id])
    is_gone = bool(words and refusal(session, product, held=held[product.id]))
    return Line(product, quantity, words, is_gone)


def count(session: Session) -> int:
    """How many things are in the cart."""
    return sum(quantity for _, quantity in _sold(session))


def _sold(session: Session) -> list[tuple[Product, int]]:
    wanted = _wanted(session)
    if not wanted:
        return []
    products = session.scalars(select(Product).where(Product.slug.in_(wanted), Product.active))
    return [
        (product, min(wanted[product.slug], product.most))
        for product in sorted(products, key=lambda product: list(wanted).index(product.slug))
    ]


def _wanted(session: Session) -> dict[str, int]:
    """Quantities by slug, without what was paid for since it was put in."""
    cart: dict[str, int] = dict(cookie.get("cart", {}))
    for order in placed_orders(session):
        if _is_paid(session, order):
            paid = {line.product.slug: line.quantity for line in order.lines}
            left = {slug: quantity - paid.get(slug, 0) for slug, quantity in cart.items()}
            cookie["cart"] = cart = {slug: many for slug, many in left.items() if many > 0}
            cookie["cart_orders"] = [id_ for id_ in cookie["cart_orders"] if id_ != order.id]
    return cart


def placed_orders(session: Session) -> list[Order]:
    """Made of the cart and not known to be paid, the newest last."""
    made: list[str] = cookie.get("cart_orders", [])
    if not made:
        return []
    found = session.scalars(select(Order).where(Order.id.in_(made))).unique()
    return sorted(found, key=lambda order: made.index(order.id))


def _is_paid(session: Session, order: Order) -> bool:
    """Also before the job that follows its payment says so."""
    active = active_attempt(session, Order.payable_type, order.id)
    return order.status == "paid" or (active is not None and active.state == State.COMPLETE)


def _held(session: Session) -> Counter[int]:
    """How many of each product this cart's own orders hold, by the product's id."""
    held: Counter[int] = Counter()
    for order in placed_orders(session):
        if order.hold == "held":
            held.update({line.product_id: line.quantity for line in order.lines})
    return held


def total(found: list[Line]) -> Money | None:
    """The sum of the lines; None of none, and of prices in two currencies."""
    if len({line.product.currency for line in found}) != 1:
        return None
    amount = sum(line.total.amount for line in found)
    return Money(amount, found[0].product.currency)


def add(session: Session, slug: str) -> None:
    """One more of a product. Raises CartError."""
    put(session, slug, _wanted(session).get(slug, 0) + 1)


def put(session: Session, slug: str, quantity: int) -> None:
    """Set how many of a product are in the cart; 0 takes it out. As many as there are stay in
    it, whatever is said of them meanwhile. Raises CartError."""
    cart = _wanted(session)
    if quantity == cart.get(slug):
        return
    if quantity <= 0:
        cart.pop(slug, None)
    else:
        _check(session, cart, slug, quantity)
        cart[slug] = quantity
    cookie["cart"] = cart


def _check(session: Session, cart: dict[str, int], slug: str, quantity: int) -> None:
    product = session.scalar(select(Product).where(Product.slug == slug, Product.active))
    if product is None:
        raise CartError(Words("This product is no longer available."))
    if quantity > product.most:
        raise CartError(
            Words("You can order up to %(most)s of %(name)s.", most=product.most, name=product.name)
        )
    if words := refusal(session, product, quantity, _held(session)[product.id]):
        raise CartError(f"{product.name}: {words}")
    if len(cart) >= MOST_LINES and slug not in cart:
        raise CartError(Words("A cart holds up to %(most)s different things.", most=MOST_LINES))
    others = session.execute(
        select(Product.currency, Product.merchant_id)
        .where(Product.slug.in_(set(cart) - {slug}))
        .distinct()
    ).all()
    if any(other.currency != product.currency for other in others):
        raise CartError(
            Words(
                "%(name)s is sold in %(currency)s and your cart is in %(other)s: please order what "
                "is in the cart first.",
                name=product.name,
                currency=product.currency.upper(),
                other=others[0].currency.upper(),
            )
        )
    if any(other.merchant_id != product.merchant_id for other in others):
        raise CartError(
            Words(
                "%(name)s is sold by another seller than what is in your cart: please order what "
                "is in the cart first.",
                name=product.name,
            )
        )
