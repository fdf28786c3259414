"""order_cart: place an order of what is in the cart, once."""

from __future__ import annotations

from flask import session as cookie
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.language import Words
from payments_app.orders.cart import CartError, Line, lines, placed_orders
from payments_app.orders.place import NotOneOrderError, place_lines
from payments_app.orders.product_models import Product

_MOST_ORDERS = 5  # the last ones that the cookie names


def order_cart(session: Session) -> str:
    """Place an order of what is in the cart, and return its id: the same as before, where exactly
    this was ordered and is not paid for. The cart keeps it until then.

    Raises CartError for an empty cart, for what can't be bought now, and where a product was put
    into another currency or given to another seller since it was put in.
    """
    found = lines(session)
    if not found:
        raise CartError(Words("Your cart is empty."))
    order_id = _same(session, found) or _place(found)
    made = [id_ for id_ in cookie.get("cart_orders", []) if id_ != order_id]
    cookie["cart_orders"] = [*made, order_id][-_MOST_ORDERS:]
    return order_id


def _same(session: Session, found: list[Line]) -> str | None:
    wanted = {(line.product.id, line.quantity, line.product.amount) for line in found}
    sellers = {line.product.merchant_id for line in found}
    for order in placed_orders(session):
        lines = {(line.product_id, line.quantity, line.amount) for line in order.lines}
        of_them = sellers == {order.merchant_id} and order.currency == found[0].product.currency
        if lines == wanted and of_them:
            return order.id
    return None


def _place(found: list[Line]) -> str:
    if refused := next((line for line in found if line.refusal), None):
        raise CartError(f"{refused.product.name}: {refused.refusal}")
    try:
        return _placed([(line.product, line.quantity) for line in found])
    except NotOneOrderError as problem:
        raise CartError(str(problem)) from problem


@atomic
def _placed(session: Session, found: list[tuple[Product, int]]) -> str:
    return place_lines(session, found).id
