"""What a checkout page offers: a product to order, or a payable to pay again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.money import Money
from payments_app.downloads.find import digital_product
from payments_app.downloads.models import DigitalProduct
from payments_app.merchants.accounts import Seller, seller_of
from payments_app.orders.models import Product
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Payable, find_payable
from payments_app.subscriptions.calendar import local_day
from payments_app.subscriptions.find import plan_on_offer
from payments_app.subscriptions.models import Plan

# What may name an item, slug or public id. Nothing else reaches the database.
ITEM = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True)
class Choice:
    """A quantity with its price."""

    quantity: int
    price: Money


@dataclass(frozen=True)
class Offer:
    """What is paid for on one page. `choices` has one entry where the quantity is fixed;
    `card_terms` says what the buyer agrees to where the card is kept in any case; `seller` is
    None where the shop itself sells."""

    item: str
    name: str
    summary: str
    choices: tuple[Choice, ...]
    again: bool = False
    card_terms: str = ""
    seller: Seller | None = None

    def choice(self, quantity: str) -> Choice:
        """The choice of this quantity as it was typed, else the first."""
        return next((c for c in self.choices if str(c.quantity) == quantity), self.choices[0])


def products_for_sale(session: Session) -> Sequence[Product]:
    """All active products, in the order in which they were made."""
    return session.scalars(select(Product).where(Product.active).order_by(Product.id)).all()


def product_for_sale(session: Session, slug: str) -> Product | None:
    """The active product of this slug."""
    if not ITEM.fullmatch(slug):
        return None
    return session.scalars(select(Product).where(Product.slug == slug, Product.active)).first()


def offer_of_product(session: Session, product: Product) -> Offer:
    """A product, in each quantity that may be ordered."""
    quantities = range(1, product.max_quantity + 1)
    return Offer(
        item=product.slug,
        name=product.name,
        summary=product.summary,
        choices=tuple(Choice(n, product.price * n) for n in quantities),
        seller=_seller(session, product.merchant_id),
    )


def plan_for_sale(session: Session, slug: str) -> Plan | None:
    """The active plan of this slug."""
    return plan_on_offer(session, slug) if ITEM.fullmatch(slug) else None


def offer_of_plan(plan: Plan) -> Offer:
    """A plan, at what its first period costs."""
    first_bill = local_day(utcnow()) + dt.timedelta(days=plan.trial_days)
    free = plan.trial_days > 0
    return Offer(
        item=plan.slug,
        name=plan.name,
        summary=f"{plan.summary} {plan.price_words(first_bill if free else None)}.",
        choices=(Choice(1, Money(0, plan.currency) if free else plan.price),),
        card_terms=plan.card_terms,
    )


def digital_for_sale(session: Session, slug: str) -> DigitalProduct | None:
    """The active digital product of this slug."""
    return digital_product(session, slug) if ITEM.fullmatch(slug) else None


def offer_of_digital(product: DigitalProduct) -> Offer:
    """A digital product: one copy."""
    return Offer(product.slug, product.name, product.summary, (Choice(1, product.price),))


def offer_of_payable(session: Session, payable: Payable) -> Offer:
    """Something placed already, at the price of that moment."""
    return Offer(
        item=payable.id,
        name=payable.payment_description,
        summary=payable.summary,
        choices=(Choice(1, payable.price),),
        again=True,
        card_terms=payable.card_terms,
        seller=_seller(session, payable.payee_id),
    )


def _seller(session: Session, merchant_id: str | None) -> Seller | None:
    return seller_of(session, merchant_id) if merchant_id else None


def offer_of(session: Session, item: str) -> Offer | None:
    """What this slug or public id offers."""
    if product := product_for_sale(session, item):
        return offer_of_product(session, product)
    if plan := plan_for_sale(session, item):
        return offer_of_plan(plan)
    if digital := digital_for_sale(session, item):
        return offer_of_digital(digital)
    payable = placed(session, item)
    return offer_of_payable(session, payable) if payable else None


def placed(session: Session, item: str, *, lock: bool = False) -> Payable | None:
    """The payable of this public id, locked for a payment where asked."""
    return find_payable(session, item, lock=lock) if ITEM.fullmatch(item) else None


def live_transaction(payable: Payable) -> Transaction | None:
    """The payable's transaction that is complete or may still charge."""
    return next((t for t in payable.transactions if t.state != "failed"), None)
