"""items: what a payment paid for, item by item, and giving back so many of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.payments.models import Role, Transaction
from payments_app.payments.payable import find_payable
from payments_app.payments.queries import joined
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund
from payments_app.payments.said import known_items


@dataclass(frozen=True)
class PaidItem:
    """So many of one thing that a payment paid for: `left` of them were not given back by item so
    far. `price` is that of one, `line` its place in what was bought."""

    line: int
    name: str
    quantity: int
    left: int
    price: Money


class ItemsError(ValueError):
    """These items can't be given back; the message is a sentence for staff."""


def items_of(session: Session, transaction: Transaction) -> list[PaidItem]:
    """What was paid for, in its own order; none where it is a single thing, or its prices are in
    another currency than the payment."""
    paid_for = session.scalar(joined(transaction.id, Role.PAYS_FOR))
    payable = find_payable(session, paid_for) if paid_for else None
    items = list(known_items(payable)) if payable is not None else []
    same = all(item.price.currency == transaction.currency for item in items)
    if not same or sum(item.quantity for item in items) < 2:
        return []
    given = _given_back(session, transaction.id)
    return [
        PaidItem(line, item.name, item.quantity, max(0, item.quantity - given[line]), item.price)
        for line, item in enumerate(items)
    ]


def price_of(items: Sequence[PaidItem], wanted: Mapping[int, int], currency: str) -> Money:
    """What so many of each (by `line`) come to. Raises ItemsError where there are not so many."""
    by_line = {item.line: item for item in items}
    total = 0
    for line, quantity in wanted.items():
        item = by_line.get(line)
        if item is None or quantity < 1:
            raise ItemsError("Choose from the items of this payment.")
        if quantity > item.left:
            raise ItemsError(f"{item.name}: {item.left} of {item.quantity} can still be refunded.")
        total += item.price.amount * quantity
    return Money(total, currency)


def checked(
    session: Session, transaction: Transaction, amount: int, wanted: Mapping[int, int]
) -> dict[str, Any] | None:
    """The items of a refund of `amount` (minor units) as it keeps them; None where none was chosen.
    Raises ItemsError where there are not so many, or they come to another amount."""
    if not wanted:
        return None
    items = items_of(session, transaction)
    price = price_of(items, wanted, transaction.currency)
    if price.amount != amount:
        raise ItemsError(f"These items come to {price}, not to this amount.")
    return kept_form(items, wanted)


def kept_form(items: Sequence[PaidItem], wanted: Mapping[int, int]) -> dict[str, Any]:
    """The chosen items as a refund keeps them."""
    chosen = [
        {"line": item.line, "name": item.name, "quantity": wanted[item.line], "of": item.quantity}
        for item in items
        if item.line in wanted
    ]
    return {"lines": chosen}


def in_words(kept: Any) -> Words:
    """What a refund kept: so many of how many, of each; "" of one that names no items."""
    lines = _lines(kept)
    return Words.made(lambda: ", ".join(str(_of_how_many(line)) for line in lines))


def _of_how_many(line: dict[str, Any]) -> Words:
    return Words(
        "%(some)s of %(all)s \u00d7 %(name)s",
        some=line.get("quantity"),
        all=line.get("of"),
        name=line.get("name"),
    )


def _given_back(session: Session, transaction_id: str) -> Counter[int]:
    """How many of each line were given back, or are about to be."""
    given: Counter[int] = Counter()
    refunds = select(Refund.items).where(
        Refund.transaction_id == transaction_id,
        Refund.items.is_not(None),
        Refund.state.not_in(NOT_REFUNDED),
    )
    for kept in session.scalars(refunds):
        for one in _lines(kept):
            given[one["line"]] += one["quantity"]
    return given


def _lines(kept: Any) -> list[dict[str, Any]]:
    lines = as_object(kept).get("lines")
    return [one for one in lines if isinstance(one, dict)] if isinstance(lines, list) else []
