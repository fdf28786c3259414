"""Transfers to connected accounts, and their reversals."""

from typing import Any

from stripe_sandbox import balance, destination_payments
from stripe_sandbox.call import Call
from stripe_sandbox.currencies import known
from stripe_sandbox.errors import ApiError
from stripe_sandbox.given_back import part_of
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    PAGE,
    boolean,
    integer,
    merged_metadata,
    metadata,
    text,
    unsettable,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object


def make(
    call: Call, destination: str, amount: int, currency: str, *, fee: int = 0, **fields: Any
) -> Object:
    """`amount` in minor units, `fee` what the platform takes of it on the other side.

    Raises ApiError 400 for an account that takes no transfers.
    """
    check_destination(call, destination, "destination")
    transfer = call.new(
        "transfer",
        "tr",
        amount=amount,
        amount_reversed=0,
        balance_transaction=None,
        currency=currency,
        destination=destination,
        destination_payment=None,
        reversed=False,
        source_type="card",
        **{
            "description": None,
            "metadata": {},
            "source_transaction": None,
            "transfer_group": None,
            **fields,
        },
    )
    transfer["reversals"] = {
        "data": [],
        "has_more": False,
        "object": "list",
        "url": f"/v1/transfers/{transfer['id']}/reversals",
    }
    transfer["balance_transaction"] = balance.record(call, "transfer", transfer, -amount)["id"]
    transfer["destination_payment"] = destination_payments.receive(call, transfer, fee)["id"]
    call.emit("transfer.created", call.put(transfer))
    return transfer


def check_destination(call: Call, destination: str, name: str) -> None:
    account = call.find(destination, "account")
    if not account or account.get("_unlinked"):
        raise ApiError(
            400, f"No such destination: '{destination}'", code="resource_missing", param=name
        )
    if account["capabilities"].get("transfers") != "active":
        raise ApiError(
            400,
            "Your destination account needs to have at least one of the following capabilities"
            " enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )


def reverse(
    call: Call, transfer: Object, amount: int, *, fee_back: int = 0, **fields: Any
) -> Object:
    """Takes `amount` minor units back, of which the platform's fee returns `fee_back`.

    Raises ApiError 400.
    """
    reversal = part_of(
        call,
        transfer,
        "amount_reversed",
        amount,
        ("transfer_reversal", "trr"),
        **{"destination_payment_refund": None, "source_refund": None, **fields},
        transfer=transfer["id"],
    )
    transaction = balance.record(call, "transfer_refund", reversal, amount)
    reversal["balance_transaction"] = transaction["id"]
    returned = destination_payments.give_back(call, transfer, reversal, fee_back)
    reversal["destination_payment_refund"] = returned["id"]
    call.put(reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    call.emit("transfer.reversed", call.put(transfer))
    return reversal


@route(
    "POST",
    "/v1/transfers",
    {
        "amount": integer,
        "currency": known,
        "description": text,
        "destination": text,
        "metadata": metadata,
        "source_transaction": text,
        "transfer_group": text,
    },
    required=("currency", "destination", "amount"),
)
def create(call: Call, params: dict[str, Any]) -> Object:
    if params["amount"] < 1:
        raise ApiError(400, "Invalid positive integer", param="amount")
    if "source_transaction" in params:
        call.param(params["source_transaction"], "charge", "source_transaction")
    optional = ("description", "metadata", "source_transaction", "transfer_group")
    return make(
        call,
        params["destination"],
        params["amount"],
        params["currency"],
        **{name: params[name] for name in optional if name in params},
    )


@route("GET", "/v1/transfers/{transfer_id}")
def retrieve(call: Call, _params: dict[str, Any], transfer_id: str) -> Object:
    return call.get(transfer_id, "transfer")


@route(
    "POST",
    "/v1/transfers/{transfer_id}",
    {"description": unsettable(text), "metadata": metadata},
)
def update(call: Call, params: dict[str, Any], transfer_id: str) -> Object:
    transfer = call.get(transfer_id, "transfer")
    transfer["description"] = params.get("description", transfer["description"])
    transfer["metadata"] = merged_metadata(transfer["metadata"], params.get("metadata"))
    call.emit("transfer.updated", call.put(transfer))
    return transfer


@route("GET", "/v1/transfers", {"destination": text, "transfer_group": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "transfer", "/v1/transfers", params, "destination", "transfer_group")


@route(
    "POST",
    "/v1/transfers/{transfer_id}/reversals",
    {
        "amount": integer,
        "description": text,
        "metadata": metadata,
        "refund_application_fee": boolean,
    },
)
def create_reversal(call: Call, params: dict[str, Any], transfer_id: str) -> Object:
    transfer = call.get(transfer_id, "transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    given = merged_metadata({}, params.get("metadata"))
    return reverse(call, transfer, params.get("amount", left), metadata=given)


@route("GET", "/v1/transfers/{transfer_id}/reversals", PAGE)
def list_reversals(call: Call, params: dict[str, Any], transfer_id: str) -> Object:
    call.get(transfer_id, "transfer")
    url = f"/v1/transfers/{transfer_id}/reversals"
    return page(call, "transfer_reversal", url, {**params, "transfer": transfer_id}, "transfer")
