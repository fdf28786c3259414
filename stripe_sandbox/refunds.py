"""Refunds: whole or in part, some of them pending first, some failing after they succeeded."""

from typing import Any

from stripe_sandbox import balance, cards, payment_methods, sharing
from stripe_sandbox.call import Call
from stripe_sandbox.cards import Aftermath
from stripe_sandbox.currencies import spoken
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    PAGE,
    boolean,
    choice,
    integer,
    merged_metadata,
    metadata,
    text,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_MOVES_AFTER = 5.0  # seconds; a control call moves it at once


@route(
    "POST",
    "/v1/refunds",
    {
        "amount": integer,
        "charge": text,
        "metadata": metadata,
        "payment_intent": text,
        "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
        "refund_application_fee": boolean,
        "reverse_transfer": boolean,
    },
)
def create(call: Call, params: dict[str, Any]) -> Object:
    charge = _charge(call, params)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise ApiError(
            400,
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
            executed=True,
        )
    amount = params.get("amount", left)
    _check_amount(charge, amount, left)
    refund = _new(call, charge, amount)
    refund["metadata"] = merged_metadata({}, params.get("metadata"))
    refund["reason"] = params.get("reason")
    refund["balance_transaction"] = balance.record(call, "refund", refund, -amount)["id"]
    _apply_card_outcome(call, charge, refund)
    sharing.take_back(call, charge, refund, params)
    _count(charge, amount)
    call.put(charge)
    call.emit("refund.created", call.put(refund))
    call.emit("charge.refunded", charge)
    return refund


def release(call: Call, charge: Object) -> None:
    """What was held of a charge and never captured goes back by itself, as a refund that moves no
    balance."""
    amount = charge["amount"] - charge["amount_captured"]
    refund = _new(call, charge, amount)
    _count(charge, amount)
    call.put(charge)
    call.emit("refund.created", call.put(refund))
    call.emit("charge.refunded", charge)


def _new(call: Call, charge: Object, amount: int) -> Object:
    """A refund that succeeded, not yet stored."""
    refund = call.new(
        "refund",
        "re",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        customer_account=None,
        destination_details={
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund" if charge["captured"] else "reversal",
            },
            "type": "card",
        },
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=None,
        receipt_number=None,
        source_transfer_reversal=None,
        status="succeeded",
        transfer_reversal=None,
    )
    del refund["livemode"]
    return refund


def _charge(call: Call, params: dict[str, Any]) -> Object:
    """The charge to refund. Raises ApiError 400."""
    if ("charge" in params) == ("payment_intent" in params):
        raise ApiError(
            400,
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
        )
    charge_id = params.get("charge")
    if "payment_intent" in params:
        intent = call.param(params["payment_intent"], "payment_intent", "payment_intent")
        charge_id = intent["latest_charge"]
    charge = call.param(charge_id, "charge", "charge") if charge_id else None
    if not charge or not charge["captured"]:
        named = params.get("payment_intent") or params.get("charge")
        raise ApiError(
            400,
            f"This PaymentIntent ({named}) does not have a successful charge to refund.",
            executed=True,
        )
    if charge["disputed"] and not charge["_refundable"]:
        raise ApiError(
            400,
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            executed=True,
        )
    return charge


def _check_amount(charge: Object, amount: int, left: int) -> None:
    if amount < 1:
        raise ApiError(
            400,
            "Invalid positive integer",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount > left:
        whole = charge["amount_refunded"] == 0
        against = "charge amount" if whole else "unrefunded amount on charge"
        currency = charge["currency"]
        raise ApiError(
            400,
            f"Refund amount ({spoken(amount, currency)}) is greater than {against}"
            f" ({spoken(left, currency)})",
            param="amount",
        )


def _apply_card_outcome(call: Call, charge: Object, refund: Object) -> None:
    method = call.find(charge["payment_method"], "payment_method")
    card = payment_methods.test_card(method) if method else cards.BY_ID["pm_card_visa"]
    if card.aftermath is Aftermath.REFUND_PENDS:
        refund |= {"status": "pending", "_next": "succeeded"}
    elif card.aftermath is Aftermath.REFUND_FAILS:
        refund["_next"] = "failed"
    if "_next" in refund:
        call.remind(refund["id"], _MOVES_AFTER)


def _count(charge: Object, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def move_on(call: Call, refund: Object) -> Object:
    """To the state that its card holds in store, once."""
    following = refund.pop("_next", None)
    if following == "failed":
        _give_up(call, refund, "failed")
        refund["failure_reason"] = "unknown"
        call.put(refund)
        call.emit("refund.failed", refund)
    elif following:
        refund["status"] = following
        call.put(refund)
        call.emit("refund.updated", refund)
        call.emit("charge.refund.updated", refund)
    return refund


def _give_up(call: Call, refund: Object, status: str) -> None:
    """The money comes back to the balance, and the charge may be refunded again."""
    refund["status"] = status
    returned = balance.record(call, "refund_failure", refund, refund["amount"])
    refund["failure_balance_transaction"] = returned["id"]
    charge = call.param(refund["charge"], "charge", "charge")
    _count(charge, -refund["amount"])
    call.put(charge)
    call.put(refund)
    call.emit("charge.refund.updated", refund)


@route("GET", "/v1/refunds/{refund_id}")
def retrieve(call: Call, _params: dict[str, Any], refund_id: str) -> Object:
    return call.get(refund_id, "refund")


@route("POST", "/v1/refunds/{refund_id}", {"metadata": metadata})
def update(call: Call, params: dict[str, Any], refund_id: str) -> Object:
    refund = call.get(refund_id, "refund")
    refund["metadata"] = merged_metadata(refund["metadata"], params.get("metadata"))
    call.emit("refund.updated", call.put(refund))
    return refund


@route("POST", "/v1/refunds/{refund_id}/cancel")
def cancel(call: Call, _params: dict[str, Any], refund_id: str) -> Object:
    refund = call.get(refund_id, "refund")
    if refund["status"] not in ("pending", "requires_action"):
        raise ApiError(
            400,
            f"Refund {refund_id} cannot be canceled because it has a status of {refund['status']}.",
            executed=True,
        )
    refund.pop("_next", None)
    _give_up(call, refund, "canceled")
    call.emit("refund.updated", refund)
    return refund


@route("GET", "/v1/refunds", {"charge": text, "payment_intent": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "refund", "/v1/refunds", params, "charge", "payment_intent")


@route("GET", "/v1/charges/{charge_id}/refunds", PAGE)
def list_of_charge(call: Call, params: dict[str, Any], charge_id: str) -> Object:
    call.get(charge_id, "charge")
    url = f"/v1/charges/{charge_id}/refunds"
    return page(call, "refund", url, {**params, "charge": charge_id}, "charge")
