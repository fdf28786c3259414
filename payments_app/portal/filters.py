"""filters: what a merchant looks for among their payments: a view, and what they typed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, exists, func, or_

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.money import CURRENCIES, exponent
from payments_app.core.web.query import UnreadableQueryError, asked
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund

VIEWS = {
    "": "All",
    "complete": "Paid",
    "failed": "Not paid",
    "pending": "Pending",
    "refunded": "Refunded",
}
MAX_LENGTH = 255
_REFERENCE = re.compile(r"#?([0-9A-Za-z]{4})[- ]?([0-9A-Za-z]{4})")
_AMOUNT = re.compile(r"[^\w.\-]?\s?([0-9]{1,12}(?:\.[0-9]{1,3})?)")


def read_filters() -> tuple[list[ColumnElement[bool]], dict[str, str]]:
    """The conditions of the request's address, and what it said, by name.

    Raises UnreadableQueryError.
    """
    view, typed = asked("view"), asked("q")
    if view not in VIEWS:
        raise UnreadableQueryError({"view": "There is no such view."})
    try:
        refuse(typed)
    except CardNumberError:
        raise UnreadableQueryError({"q": "Search by the card's last four digits."}) from None
    if len(typed) > MAX_LENGTH:
        raise UnreadableQueryError({"q": "This is too long."})
    found = [] if not view else [_view(view)]
    found += [or_(*_readings(typed))] if typed else []
    return found, {name: said for name, said in (("view", view), ("q", typed)) if said}


def _view(name: str) -> ColumnElement[bool]:
    if name == "refunded":
        return exists().where(
            Refund.transaction_id == Transaction.id, Refund.state.not_in(NOT_REFUNDED)
        )
    return Transaction.state == State(name)


def _readings(typed: str) -> Iterator[ColumnElement[bool]]:
    """Every way to read what was typed: part of an address or of a description, an id, a
    reference, the last four digits of a card, an amount."""
    part = typed.lower()
    yield func.lower(Transaction.email).contains(part, autoescape=True)
    if words := part.lstrip("#"):
        yield func.lower(Transaction.description).contains(words, autoescape=True)
    yield Transaction.id == part
    if reference := _REFERENCE.fullmatch(typed):
        yield Transaction.id.endswith((reference[1] + reference[2]).lower())
    if re.fullmatch("[0-9]{4}", typed):
        yield Transaction.card_last4 == typed
    if amount := _AMOUNT.fullmatch(typed):
        yield from _amounts(Decimal(amount[1]))


def _amounts(major: Decimal) -> Iterator[ColumnElement[bool]]:
    by_digits: dict[int, list[str]] = defaultdict(list)
    for code in CURRENCIES:
        by_digits[exponent(code)].append(code)
    for digits, codes in by_digits.items():
        minor = major.scaleb(digits)
        if minor == int(minor):
            yield and_(Transaction.amount == int(minor), Transaction.currency.in_(sorted(codes)))
