"""values: what a finding says of each side, in words. What Stripe says may be anything."""

from __future__ import annotations

from typing import Any

from payments_app.core.money import Money, code_of
from payments_app.gateway.numbers import MOST_BIGINT, whole
from payments_app.gateway.words import word


def money(amount: Any, currency: Any) -> str:
    """An amount in minor units with its currency, in words; of anything else what it is."""
    if amount is None:
        return "nothing"
    code, number = code_of(currency), whole(amount, -MOST_BIGINT, MOST_BIGINT)
    if code is None or number is None:
        return word(f"{amount} {currency}", 80) or "nothing"
    return str(Money(number, code))


def total(amount: Any, currency: str) -> str:
    """A sum of the database's, which may be a Decimal, or None where there is nothing."""
    return "nothing" if amount is None else money(int(amount), currency)
