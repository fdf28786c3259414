"""What a charge did to the balance of its account, and what Stripe took for it.

Sources: https://docs.stripe.com/api/balance_transactions,
https://docs.stripe.com/payments/payment-intents/asynchronous-capture (it is written a moment after
the charge succeeded, so a confirmation does not hold it yet)
"""

from __future__ import annotations

from typing import Any

from payments_app.core.money import code_of
from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.ids import id_of
from payments_app.gateway.numbers import MOST_AMOUNT, whole
from payments_app.gateway.results import Answer
from payments_app.gateway.throttle import MAX_WAIT_SECONDS


def retrieve_charge(
    charge_id: str, account: str | None = None, *, max_wait: float = MAX_WAIT_SECONDS
) -> Answer:
    """Read a charge with its balance transaction, which is None while Stripe has not written it.

    Whoever can wait says a shorter `max_wait` (seconds): when calls queue up, others go first.
    """
    return object_call(
        "charge_retrieve",
        "charge",
        lambda: client().v1.charges.retrieve(
            charge_id, {"expand": ["balance_transaction"]}, options(account)
        ),
        max_wait=max_wait,
    )


def is_movement(value: Any) -> bool:
    """Whether this is a balance transaction that can be posted: it has an id, whole amounts that
    add up, a currency, and fees that are told apart."""
    if not isinstance(value, dict) or id_of(value) is None:
        return False
    amount, fee, net = (_amount(value.get(name)) for name in ("amount", "fee", "net"))
    if amount is None or fee is None or net != amount - fee:
        return False
    details = value.get("fee_details") or []
    told_apart = isinstance(details, list) and all(map(_is_fee, details))
    return told_apart and code_of(value.get("currency")) is not None


def _is_fee(value: Any) -> bool:
    return isinstance(value, dict) and _amount(value.get("amount")) is not None


def _amount(value: Any) -> int | None:
    return whole(value, -MOST_AMOUNT, MOST_AMOUNT)


def stripes_fee(movement: dict[str, Any]) -> int:
    """What Stripe itself took of a balance transaction, in minor units of its currency; negative
    where it gave a fee back. A platform's application fee is not Stripe's."""
    details = movement.get("fee_details") or []
    ours = sum(each["amount"] for each in details if each.get("type") == "application_fee")
    return int(movement["fee"] - ours)
