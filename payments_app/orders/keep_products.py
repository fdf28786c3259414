"""keep_products: put products on sale, and change what they cost and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.amounts import parse_amount
from payments_app.core.card_numbers import refuse
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.free_text import free_text
from payments_app.core.money import CURRENCIES, Money, chargeable
from payments_app.merchants.models import Merchant
from payments_app.orders.pictures import Picture
from payments_app.orders.product_models import Product, ProductPicture
from payments_app.payments.sellable import ITEM

MOST_STOCK = MOST_QUANTITY = 1_000_000
_OPTIONAL = frozenset({"summary", "stock", "max_quantity", "merchant_id"})  # columns of a file


@dataclass(frozen=True)
class Goods:
    """What is put on sale. `price` as people type it ("24.00"); `stock` None: not counted."""

    slug: str
    name: str
    price: str
    currency: str
    summary: str = ""
    stock: int | None = None
    max_quantity: int = 10
    merchant_id: str | None = None


@atomic
def create(session: Session, goods: Goods, actor: str) -> str:
    """Put a product on sale; return its slug.

    Raises ValueError with a sentence for what it can't be, and where the slug is taken.
    """
    values = _values(session, goods)
    if not insert_once(session, Product, slug=goods.slug, **values):
        raise ValueError(f"There is a product {goods.slug} already.")
    _note(session, "product.created", goods.slug, actor, values)
    return goods.slug


@atomic
def import_all(
    session: Session, rows: Sequence[Goods], columns: Collection[str], actor: str
) -> tuple[int, int]:
    """Put each on sale, or change the product of its slug to it; how many of each. Of a product
    that is there only what `columns` of the file name changes: a list of prices may not take its
    stock or its seller away. All, or none: raises ValueError with a sentence for each row that
    can't be stored, by its line."""
    problems, made, changed = [], 0, 0
    seen = Counter(goods.slug for goods in rows)
    for line, goods in enumerate(rows, 2):  # the first line names the columns
        try:
            if seen[goods.slug] > 1:
                raise ValueError(f"{goods.slug} is in the file twice.")
            values = _values(session, goods)
        except ValueError as error:
            problems.append(f"line {line}: {error}")
            continue
        if insert_once(session, Product, slug=goods.slug, **values):
            made += 1
            _note(session, "product.created", goods.slug, actor, values)
        else:
            changed += 1
            named = {n: v for n, v in values.items() if n not in _OPTIONAL or n in columns}
            _change(session, goods.slug, actor, named)
    if problems:
        raise ValueError("\n".join(problems))
    return made, changed


@atomic
def set_price(session: Session, slug: str, price: str, actor: str) -> Money:
    """What new orders pay; those placed keep their price. Raises LookupError, ValueError."""
    money = _money(price, _locked(session, slug).currency)
    _change(session, slug, actor, {"amount": money.amount})
    return money


@atomic
def set_stock(session: Session, slug: str, stock: int | None, actor: str) -> None:
    """How many may still be ordered; what is held or sold is not among them. None: not counted.

    Raises LookupError, ValueError.
    """
    _change(session, slug, actor, {"stock": _count(stock, "The stock", 0, MOST_STOCK)})


@atomic
def set_active(session: Session, slug: str, actor: str, *, active: bool) -> None:
    """Whether it is for sale. An archived one stays in the orders that have it. Raises
    LookupError."""
    _change(session, slug, actor, {"active": active})


@atomic
def set_picture(session: Session, slug: str, picture: Picture, actor: str) -> None:
    """Show this picture of it, in place of another. Raises LookupError."""
    product = _locked(session, slug)
    session.merge(ProductPicture(product_id=product.id, **asdict(picture)))
    _note(session, "product.changed", slug, actor, {"picture": picture.sha256})


@atomic
def remove_picture(session: Session, slug: str, actor: str) -> None:
    """Show no picture of it. Raises LookupError, also where it has none."""
    product = ProductPicture.product_id
    gone = delete(ProductPicture).where(product == _locked(session, slug).id).returning(product)
    if session.scalar(gone) is None:
        raise LookupError(f"{slug} has no picture.")
    _note(session, "product.changed", slug, actor, {"picture": "none"})


def all_products(session: Session) -> Sequence[Product]:
    """Every product, the archived ones as well, in the order in which they were made."""
    return session.scalars(select(Product).order_by(Product.id)).all()


def _values(session: Session, goods: Goods) -> dict[str, Any]:
    if not ITEM.fullmatch(goods.slug):
        raise ValueError("A slug has up to 60 letters, digits, - and _.")
    refuse(goods.slug)
    seller = goods.merchant_id  # an empty one is a shell's unset name, and not the shop itself
    if seller is not None and (not seller or session.get(Merchant, seller) is None):
        raise ValueError(f"There is no merchant {seller or 'without an id'}.")
    money = _money(goods.price, goods.currency.strip().lower())
    summary = goods.summary.strip()
    return asdict(money) | {
        "name": free_text(goods.name, what="A name", most=200, if_empty="Enter a name."),
        "summary": summary and free_text(summary, what="A summary", most=2000, if_empty=""),
        "stock": _count(goods.stock, "The stock", 0, MOST_STOCK),
        "max_quantity": _count(goods.max_quantity, "The quantity", 1, MOST_QUANTITY),
        "merchant_id": seller,
        "active": True,
    }


def _money(price: str, currency: str) -> Money:
    if currency not in CURRENCIES:
        raise ValueError(f"{currency.upper() or 'That'} is not a currency that can be taken.")
    money = parse_amount(price, currency)
    if why := chargeable(money):
        raise ValueError(f"{price} can't be charged: {why}.")
    return money


def _count(number: int | None, what: str, least: int, most: int) -> int | None:
    if number is not None and not least <= number <= most:
        raise ValueError(f"{what} is a whole number from {least} to {most}.")
    return number


def _locked(session: Session, slug: str) -> Product:
    found = session.scalar(select(Product).where(Product.slug == slug).with_for_update())
    if found is None:
        raise LookupError(f"There is no product {slug}.")
    return found


def _change(session: Session, slug: str, actor: str, values: dict[str, Any]) -> None:
    product = _locked(session, slug)
    for name, value in values.items():
        setattr(product, name, value)
    _note(session, "product.changed", slug, actor, values)


def _note(session: Session, what: str, slug: str, actor: str, values: dict[str, Any]) -> None:
    history.record(session, "staff", what, actor=actor, subject=slug, **values)
