"""platform_fee: our part of what a merchant sells, 2.9 % and a fixed sum, in minor units.

Stripe wants it positive and below the amount:
https://docs.stripe.com/connect/destination-charges#collect-fees
"""

from __future__ import annotations

from collections.abc import Mapping

from payments_app.core.money import CURRENCIES, THREE_DECIMAL, WHOLE_UNITS, Money

FIXED = 30  # minor units, where a currency has no sum of its own


def platform_fee(money: Money, fixed: Mapping[str, int]) -> int | None:
    """The fee of a sale, rounded half up, at most one unit below the amount; None where nothing
    would be left to take. `fixed` is the fixed sum by currency, in minor units.

    A currency that can't be charged in single minor units has its fee in the same steps. Raises
    ValueError for one that the shop does not sell in.
    """
    if money.currency not in CURRENCIES:
        raise ValueError(f"{money.currency!r} is not a currency that this shop can take")
    step = 10 if money.currency in THREE_DECIMAL else 100 if money.currency in WHOLE_UNITS else 1
    exact = (money.amount * 29 + fixed.get(money.currency, FIXED) * 1000 + 500) // 1000
    fee = (exact + step // 2) // step * step
    most = (money.amount - 1) // step * step
    return min(fee, most) if min(fee, most) > 0 else None
