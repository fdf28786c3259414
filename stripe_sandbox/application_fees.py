"""Application fees: the platform's share of a charge, and what it gives back of it."""

from typing import Any

from stripe_sandbox import balance
from stripe_sandbox.call import Call
from stripe_sandbox.given_back import part_of
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, integer, merged_metadata, metadata, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object


def collect(platform: Call, account: str, charge: Object, amount: int) -> Object:
    """From the connected `account`, to the platform. `amount` in minor units."""
    fee = platform.new(
        "application_fee",
        "fee",
        account=account,
        amount=amount,
        amount_refunded=0,
        application=platform.own_application,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        fee_source={"charge": charge["id"], "type": "charge"},
        originating_transaction=None,
        refunded=False,
    )
    fee["refunds"] = {
        "data": [],
        "has_more": False,
        "object": "list",
        "url": f"/v1/application_fees/{fee['id']}/refunds",
    }
    transaction = balance.record(platform, "application_fee", fee, amount)
    fee["balance_transaction"] = transaction["id"]
    platform.emit("application_fee.created", platform.put(fee))
    return fee


def give_back(platform: Call, fee: Object, amount: int, **fields: Any) -> Object:
    """Raises ApiError 400 for more than what is left of it."""
    refund = part_of(
        platform, fee, "amount_refunded", amount, ("fee_refund", "fr"), fee=fee["id"], **fields
    )
    transaction = balance.record(platform, "application_fee_refund", refund, -amount)
    refund["balance_transaction"] = transaction["id"]
    platform.put(refund)
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    fee["refunds"]["data"].insert(0, refund)
    platform.emit("application_fee.refunded", platform.put(fee))
    return refund


@route("GET", "/v1/application_fees/{fee_id}")
def retrieve(call: Call, _params: dict[str, Any], fee_id: str) -> Object:
    return call.get(fee_id, "application_fee")


@route("GET", "/v1/application_fees", {"charge": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "application_fee", "/v1/application_fees", params, "charge")


@route(
    "POST",
    "/v1/application_fees/{fee_id}/refunds",
    {"amount": integer, "metadata": metadata},
)
def create_refund(call: Call, params: dict[str, Any], fee_id: str) -> Object:
    fee = call.get(fee_id, "application_fee")
    amount = params.get("amount", fee["amount"] - fee["amount_refunded"])
    given = merged_metadata({}, params.get("metadata"))
    return give_back(call, fee, amount, metadata=given)


@route("GET", "/v1/application_fees/{fee_id}/refunds", PAGE)
def list_refunds(call: Call, params: dict[str, Any], fee_id: str) -> Object:
    call.get(fee_id, "application_fee")
    url = f"/v1/application_fees/{fee_id}/refunds"
    return page(call, "fee_refund", url, {**params, "fee": fee_id}, "fee")
