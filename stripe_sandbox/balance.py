"""Balance transactions: what each movement does to the account's balance."""

import time
from typing import Any

from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_AVAILABLE_AFTER = 2 * 24 * 3600  # seconds
_FIXED_FEE = 30  # minor units


def record(
    call: Call, type: str, source: Object, amount: int, fees: list[Object] | None = None
) -> Object:
    """`amount` in minor units, negative where the balance shrinks."""
    details = fees or []
    fee = sum(each["amount"] for each in details)
    now = int(time.time())
    transaction = call.new(
        "balance_transaction",
        "txn",
        amount=amount,
        available_on=now + _AVAILABLE_AFTER,
        balance_type="payments",
        currency=source["currency"],
        description=source.get("description"),
        exchange_rate=None,
        fee=fee,
        fee_details=details,
        net=amount - fee,
        reporting_category=type,
        source=source["id"],
        status="pending",
        type=type,
    )
    del transaction["livemode"]
    return call.put(transaction)


def fees_of(charge: Object) -> list[Object]:
    """Stripe's own, 2.9 % + 30 half up, and a direct charge's application fee."""
    captured = charge["amount_captured"]
    own = min((captured * 29 + _FIXED_FEE * 1000 + 500) // 1000, captured)
    return [_fee(charge, "stripe_fee", own, "Stripe processing fees")]


def application_fee(charge: Object, amount: int) -> Object:
    return _fee(charge, "application_fee", amount, "Application fee")


def return_fee(call: Call, refund: Object, amount: int) -> None:
    """The platform gives back `amount` of its fee: the refund costs the account so much less."""
    transaction = call.get(refund["balance_transaction"], "balance_transaction")
    detail = application_fee(refund, -amount)
    transaction["fee_details"] = [*transaction["fee_details"], detail]
    transaction["fee"] -= amount
    transaction["net"] += amount
    call.put(transaction)


def _fee(charge: Object, type: str, amount: int, description: str) -> Object:
    return {
        "amount": amount,
        "application": None,
        "currency": charge["currency"],
        "description": description,
        "type": type,
    }


@route("GET", "/v1/balance")
def retrieve_balance(call: Call, _params: dict[str, Any]) -> Object:
    """What the account holds, in the currencies that it settles in."""
    held = {"usd": 0}
    for movement in call.store.select(call.account, "balance_transaction"):
        held[movement["currency"]] = held.get(movement["currency"], 0) + movement["net"]
    sums = [{"amount": amount, "currency": currency} for currency, amount in held.items()]
    nothing = [{**each, "amount": 0} for each in sums]
    return {"object": "balance", "available": nothing, "livemode": False, "pending": sums}


@route("GET", "/v1/balance_transactions/{transaction_id}")
def retrieve(call: Call, _params: dict[str, Any], transaction_id: str) -> Object:
    return call.get(transaction_id, "balance_transaction")


@route(
    "GET",
    "/v1/balance_transactions",
    {"source": text, "type": text, "currency": text, "payout": text, **PAGE},
)
def list_(call: Call, params: dict[str, Any]) -> Object:
    url, condition = "/v1/balance_transactions", "TRUE"
    if "payout" in params:
        payout = call.param(params["payout"], "payout", "payout")
        if not payout["automatic"]:
            raise ApiError(
                400,
                "Balance transaction history can only be filtered on automatic payouts, not"
                " manual.",
                param="payout",
            )
        condition = f"json_extract(body, '$._payout') = '{payout['id']}'"
    filters = ("source", "type", "currency")
    return page(call, "balance_transaction", url, params, *filters, condition=condition)
