"""sellers: the demo's other sellers, each with one product, beside the shop's own."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic, insert_once
from payments_app.core.history import SYSTEM
from payments_app.merchants.models import DESTINATION, DIRECT, Merchant
from payments_app.merchants.onboarding import add_merchant
from payments_app.orders.product_models import Product

# Name, address, how its payments are made, and its product.
DEMO_MERCHANTS = (
    (
        "Juniper Press",
        "juniper@example.com",
        DESTINATION,
        ("letterpress-print", "Letterpress print", "One linocut, two colours, signed.", 3200),
    ),
    (
        "Harbour Roasters",
        "harbour@example.com",
        DIRECT,
        ("coffee-beans", "Coffee beans", "250 grams, roasted on Mondays.", 1450),
    ),
    (
        "Late Bloom",
        "late@example.com",
        DESTINATION,
        ("seed-box", "Box of seeds", "Twelve flowers that open in autumn.", 2100),
    ),
)
# Late Bloom has not given Stripe its details: the demo shows what a buyer reads then.
ONBOARDED = frozenset({"Juniper Press", "Harbour Roasters"})


def add_demo_sellers() -> int:
    """Add the demo's sellers that are not there yet, with their products; return how many were
    added. A job makes each one's account at Stripe."""
    return sum(
        _sell_item(name, email, charge_type, *product)
        for name, email, charge_type, product in DEMO_MERCHANTS
    )


def _sell_item(
    name: str, email: str, charge_type: str, slug: str, title: str, summary: str, amount: int
) -> bool:
    known = _known(name)
    merchant_id = known or add_merchant(
        name=name, email=email, charge_type=charge_type, actor=SYSTEM
    )
    _shelve(merchant_id, slug, title, summary, amount)
    return known is None


@atomic
def _known(session: Session, name: str) -> str | None:
    return session.scalar(select(Merchant.id).where(Merchant.name == name).limit(1))


@atomic
def _shelve(
    session: Session, merchant_id: str, slug: str, name: str, summary: str, amount: int
) -> None:
    insert_once(
        session,
        Product,
        slug=slug,
        name=name,
        summary=summary,
        amount=amount,
        currency="usd",
        max_quantity=10,
        active=True,
        merchant_id=merchant_id,
        version=1,
    )
