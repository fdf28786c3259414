"""hold: money that a card held for a payment, of which only a part was captured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payments_app.core.columns import as_object


def is_release(refund: Mapping[str, Any], amount: int, captured: int) -> bool:
    """Whether a refund at Stripe only lets go of what was held of `amount` beyond `captured`.

    Stripe makes one of the rest by itself when a part is captured. It gives nothing back that we
    received: it moves no balance, and is no refund in our books.
    """
    rest = amount - captured
    ours = as_object(refund.get("metadata")).get("refund_id")
    moved = refund.get("balance_transaction")
    return rest > 0 and refund.get("amount") == rest and moved is None and ours is None
