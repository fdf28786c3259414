"""can_be_bought: whether a product can be ordered just now, for the shop's page and the cart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from payments_app.core.language import Words
from payments_app.merchants.accounts import seller_of
from payments_app.orders.find import products_for_sale
from payments_app.orders.product_models import Product


@dataclass(frozen=True)
class OnSale:
    """A product on the shop's page; `refusal` says why it can't be bought, empty where it can."""

    product: Product
    refusal: str


def refusal(session: Session, product: Product, quantity: int = 1, held: int = 0) -> str:
    """Why so many can't be ordered just now, in a buyer's words; empty where they can. `held` are
    kept for this buyer already."""
    left = None if product.stock is None else product.stock + held
    if left is not None and left < quantity:
        if not left:
            return Words("Sold out.")
        return Words("Only %(left)s of %(name)s left in stock.", left=left, name=product.name)
    if product.merchant_id is None:
        return ""
    seller = seller_of(session, product.merchant_id)
    if not seller.refusal:
        return ""
    return Words("%(seller)s can't take payments just now.", seller=seller.name)


def on_sale(session: Session) -> Sequence[OnSale]:
    """All active products, as the shop's page shows them."""
    return [OnSale(product, refusal(session, product)) for product in products_for_sale(session)]
