"""Whether a refund was shown to whoever confirms it, just as it is sent."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

from flask import request

from payments_app.accounts.gate import signed_in
from payments_app.core.web import links
from payments_app.staff.payments.typed_refund import Wish

# What the review showed and the wish does not hold.
_SEALED = ("left", "from_merchant", "of_fee", "key")


def is_reviewed(transaction_id: str, wish: Wish) -> bool:
    """Whether this very refund was shown to this member, and is confirmed."""
    sealed = seal(transaction_id, wish, request.form)
    return hmac.compare_digest(sealed, request.form.get("reviewed", "").encode())


def seal(transaction_id: str, wish: Wish, shown: Mapping[str, str]) -> bytes:
    """What the review's form carries: this member, this wish and what was `shown` of it."""
    reviewed = [signed_in().id, transaction_id, wish.money.amount, wish.money.currency]
    sealed = [shown.get(name, "") for name in _SEALED]
    items = sorted(wish.items.items())
    content = json.dumps([*reviewed, wish.reason, wish.stripe_reason, items, *sealed])
    return links.seal("refund", content).encode()
