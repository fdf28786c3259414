"""Capturing: what an intent with `capture_method` manual holds is taken later, in full or in part,
https://docs.stripe.com/payments/place-a-hold-on-a-payment-method."""

from typing import Any

from stripe_sandbox import disputes, payment_methods, refunds, sharing
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import ApiError, unexpected_state
from stripe_sandbox.params import integer, merged_metadata, metadata
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object


@route(
    "POST",
    "/v1/payment_intents/{intent_id}/capture",
    {
        "amount_to_capture": integer,
        "application_fee_amount": integer,
        "metadata": metadata,
    },
)
def capture(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    """Once: what is left is released."""
    intent = call.get(intent_id, "payment_intent")
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            "This PaymentIntent could not be captured because it has a status of"
            f" {intent['status']}. Only a PaymentIntent with one of the following statuses may be"
            " captured: requires_capture.",
            "payment_intent",
            visible(intent),
        )
    amount = params.get("amount_to_capture", intent["amount_capturable"])
    _check(amount, intent["amount_capturable"])
    charge = call.get(intent["latest_charge"], "charge")
    charge |= {"amount_captured": amount, "captured": True}
    if "application_fee_amount" in params:
        fee = params["application_fee_amount"]
        intent["application_fee_amount"] = charge["application_fee_amount"] = fee
        sharing.check(call, intent)
    sharing.write_shares(call, charge)
    intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
    intent["metadata"] = merged_metadata(intent["metadata"], params.get("metadata"))
    call.emit("charge.captured", call.put(charge))
    if amount < charge["amount"]:
        refunds.release(call, charge)
    call.emit("payment_intent.succeeded", call.put(intent))
    method = call.get(charge["payment_method"], "payment_method")
    disputes.apply_aftermath(call, charge, payment_methods.test_card(method).aftermath)
    return intent


def _check(amount: int, most: int) -> None:
    if amount < 1:
        raise ApiError(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount_to_capture",
        )
    if amount > most:
        raise ApiError(
            400,
            "The PaymentIntent could not be captured because the requested capture amount"
            f" ({amount}) is greater than the amount that can be captured ({most}).",
            param="amount_to_capture",
        )
