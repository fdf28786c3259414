"""place: a buyer's order, at the shop's own prices, with its goods held."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy.orm import Session

from payments_app.core.db.ids import ALPHABET
from payments_app.core.language import Words
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product


class NotOneOrderError(ValueError):
    """These can't be ordered together; the message is for the buyer."""


def place(session: Session, product: Product, quantity: int, customer_id: str) -> Order:
    """Store an open order of `quantity` of one product for a customer.

    Raises ValueError for a quantity that the product does not allow.
    """
    return place_lines(session, [(product, quantity)], customer_id)


def place_lines(
    session: Session, lines: Sequence[tuple[Product, int]], customer_id: str | None = None
) -> Order:
    """Store an open order of several products in one currency. Its goods are held from its first
    attempt to pay on.

    Raises ValueError for no line or a quantity that a product does not allow, and
    NotOneOrderError, which is one, for two currencies or two sellers.
    """
    if not lines:
        raise ValueError("an order has at least one line")
    currencies = {product.currency for product, _ in lines}
    if len(currencies) != 1:
        words = " and ".join(sorted(currency.upper() for currency in currencies))
        raise NotOneOrderError(
            Words(
                "An order has one currency, and these prices are in %(currencies)s. Take out what "
                "is in the other currency, and order it on its own.",
                currencies=words,
            )
        )
    for product, quantity in lines:
        if not 1 <= quantity <= product.most:
            raise ValueError(f"{product.name}: the quantity is from 1 to {product.most}")
    sellers = {product.merchant_id for product, _ in lines}
    if len(sellers) != 1:
        raise NotOneOrderError(
            Words(
                "An order is of one seller, and these products are of several. Take out those of "
                "the other seller, and order them on their own."
            )
        )
    order = Order(
        number=_new_number(),
        customer_id=customer_id,
        merchant_id=sellers.pop(),
        total=sum((product.price * quantity).amount for product, quantity in lines),
        currency=currencies.pop(),
    )
    order.lines = [
        OrderLine(
            product_id=product.id, name=product.name, quantity=quantity, amount=product.amount
        )
        for product, quantity in lines
    ]
    session.add(order)
    session.flush()
    return order


def _new_number() -> str:
    """Ten characters that a person can read out; unique by constraint, unguessable enough that
    an order's number tells nobody how many orders there are."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10)).upper()
