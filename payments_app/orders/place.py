"""place: a buyer's order, at the shop's own prices."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from payments_app.core.ids import ALPHABET
from payments_app.orders.models import Order, OrderLine, Product


def place(session: Session, product: Product, quantity: int, customer_id: str) -> Order:
    """Store an open order of `quantity` of one product for a customer.

    Raises ValueError for a quantity that the product does not allow.
    """
    if not 1 <= quantity <= product.max_quantity:
        raise ValueError(f"the quantity must be from 1 to {product.max_quantity}")
    order = Order(
        number=_new_number(),
        customer_id=customer_id,
        total=(product.price * quantity).amount,
        currency=product.currency,
    )
    order.lines.append(
        OrderLine(
            product_id=product.id, name=product.name, quantity=quantity, amount=product.amount
        )
    )
    session.add(order)
    session.flush()
    return order


def _new_number() -> str:
    """Ten characters that a person can read out; unique by constraint, unguessable enough that
    an order's number tells nobody how many orders there are."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10)).upper()
