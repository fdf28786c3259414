"""Stripe's numbers, as our columns can keep them: what is malformed or too large is None."""

from __future__ import annotations

import datetime as dt
from typing import Any

# The most digits that Stripe takes: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MOST_AMOUNT = 10**12 - 1
MOST_BIGINT = 2**63 - 1
_LAST_SECOND = 253_402_300_799  # of the year 9999


def whole(value: Any, least: int, most: int) -> int | None:
    """`value` where it is a whole number from `least` to `most`."""
    return value if type(value) is int and least <= value <= most else None


def moment(value: Any) -> dt.datetime | None:
    """A time that Stripe gives in seconds since 1970."""
    seconds = whole(value, 0, _LAST_SECOND)
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
