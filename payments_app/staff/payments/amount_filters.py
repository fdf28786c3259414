"""Amounts that staff search and filter for: read as people write them, turned into conditions."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from payments_app.core.money import THREE_DECIMAL, ZERO_DECIMAL
from payments_app.payments.models import Transaction
from payments_app.staff.indexes import captured_in_part

_HAS_OTHER_DIGITS = {0: sorted(ZERO_DECIMAL), 3: sorted(THREE_DECIMAL)}


def amount_is(
    typed: Decimal,
    comparison: str = "__eq__",
    column: InstrumentedAttribute[Any] = Transaction.amount,
    currency: InstrumentedAttribute[str] = Transaction.currency,
) -> ColumnElement[bool] | None:
    """A condition on an amount typed as people write it: 10.99 is 1099 in dollars and 10990 in
    dinars. None where no currency has such an amount. A bound between two amounts of a currency is
    the nearer one that is not beyond it: at least 10.999 is at least 1100 cents."""
    options = []
    for digits in (0, 2, 3):
        minor = typed.scaleb(digits)
        if comparison == "__eq__" and minor != minor.to_integral_value():
            continue
        if abs(minor) >= 10**17:
            continue
        rounded = ROUND_CEILING if comparison == "__ge__" else ROUND_FLOOR
        bound = getattr(column, comparison)(int(minor.to_integral_value(rounded)))
        options.append(and_(bound, _has_digits(currency, digits)))
    return or_(*options) if options else None


def _has_digits(currency: InstrumentedAttribute[str], digits: int) -> ColumnElement[bool]:
    """Whether a currency has so many decimals; whatever is in no table has two."""
    if digits in _HAS_OTHER_DIGITS:
        return currency.in_(_HAS_OTHER_DIGITS[digits])
    return currency.not_in(sorted(ZERO_DECIMAL | THREE_DECIMAL))


def shown_is(typed: Decimal, comparison: str) -> ColumnElement[bool] | None:
    """The same of what the list shows: of a part that was captured, the part. That is less than
    what was asked for, so that the indexes of both columns still narrow the rows down."""
    asked = amount_is(typed, comparison)
    received = amount_is(typed, comparison, Transaction.amount_received)
    if asked is None or received is None:
        return None
    if comparison == "__ge__":
        return and_(asked, or_(Transaction.amount_received.is_(None), received))
    return or_(asked, and_(received, captured_in_part))


def read_amount(text: str) -> Decimal | None:
    """What a person typed to search for as an amount: "$1,099.50" or "10.99"; None where it is
    none. Never for an amount that moves money: core/amounts.py reads those."""
    bare = re.sub(r"[\s,$€£¥]", "", text)
    if not re.fullmatch(r"\d{1,13}(\.\d{1,3})?", bare):
        return None
    try:
        return Decimal(bare)
    except InvalidOperation:
        return None
