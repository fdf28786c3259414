"""PaymentIntents: create, read, change, confirm, cancel."""

import time
from typing import Any

from stripe_sandbox import (
    card_entry,
    confirming,
    currencies,
    ids,
    payment_methods,
    refunds,
    sharing,
    statements,
)
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import ApiError, missing_resource, unexpected_state
from stripe_sandbox.intent_fields import (
    AMOUNT,
    AT_CONFIRM_TOO,
    CARD_OPTIONS,
    CHANGEABLE,
    CONFIRMING,
    ONLY_AT_CONFIRM,
    STORED,
)
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, boolean, choice, hash_of, merged_metadata, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object


@route(
    "POST",
    "/v1/payment_intents",
    {
        **CHANGEABLE,
        **AMOUNT,
        **CONFIRMING,
        "automatic_payment_methods": hash_of(
            enabled=boolean, allow_redirects=choice("always", "never")
        ),
        "confirm": boolean,
        "confirmation_method": choice("automatic", "manual"),
        "on_behalf_of": text,
    },
    required=("amount", "currency"),
)
def create(call: Call, params: dict[str, Any]) -> Object:
    _refuse_before_confirming(params)
    currencies.check_amount(params["amount"], params["currency"])
    automatic = params.get("automatic_payment_methods", {})
    if "allowed_payment_method_types" in params and automatic.get("enabled"):
        raise ApiError(
            400,
            "You may only specify one of these parameters: automatic_payment_methods,"
            " allowed_payment_method_types.",
            param="automatic_payment_methods",
        )
    intent = _blank(call, params)
    intent["client_secret"] = f"{intent['id']}_secret_{ids.random_text(25)}"
    _write(call, intent, params)
    call.emit("payment_intent.created", intent)
    return confirming.confirm(call, intent, params) if params.get("confirm") else intent


def _blank(call: Call, params: dict[str, Any]) -> Object:
    allowed = params.get("allowed_payment_method_types")
    automatic = params.get("automatic_payment_methods", {})
    return call.new(
        "payment_intent",
        "pi",
        amount=params["amount"],
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        allowed_payment_method_types=allowed,
        application=call.application,
        automatic_payment_methods=None
        if allowed
        else {"allow_redirects": "always", "enabled": True, **automatic},
        canceled_at=None,
        cancellation_reason=None,
        confirmation_method=params.get("confirmation_method", "automatic"),
        currency=params["currency"],
        customer_account=None,
        excluded_payment_method_types=None,
        last_payment_error=None,
        latest_charge=None,
        managed_payments=None,
        metadata={},
        next_action=None,
        payment_method=None,
        payment_method_configuration_details=None,
        payment_method_types=allowed or ["card"],
        payment_record=None,
        processing=None,
        review=None,
        source=None,
        status="requires_payment_method",
        **{
            **dict.fromkeys(STORED),
            "capture_method": "automatic_async",
            "payment_method_options": {"card": dict(CARD_OPTIONS)},
        },
    )


def _refuse_before_confirming(params: dict[str, Any]) -> None:
    if params.get("confirm"):
        return
    for name in ONLY_AT_CONFIRM:
        if name in params:
            raise ApiError(
                400,
                f"You may only specify `{name}` when confirming a PaymentIntent: the request must"
                " have `confirm` set to true.",
                param=name,
            )


def _write(call: Call, intent: Object, params: dict[str, Any]) -> None:
    statements.check(params)
    if params.get("customer"):
        call.param(params["customer"], "customer", "customer")
    if "payment_method_data" in params:
        data = params.pop("payment_method_data")
        method = card_entry.from_data(call, data, "payment_method_data")
        params["payment_method"] = call.put(method)["id"]
    if "payment_method_options" in params:
        card = params["payment_method_options"].get("card", {})
        whole = {**intent["payment_method_options"]["card"], **card}
        params["payment_method_options"] = {"card": whole}
    intent |= {name: params[name] for name in (*STORED, *AMOUNT) if name in params}
    if "allowed_payment_method_types" in params:
        allowed = params["allowed_payment_method_types"]
        intent |= {"allowed_payment_method_types": allowed, "payment_method_types": allowed}
        intent["automatic_payment_methods"] = None
    intent["metadata"] = merged_metadata(intent["metadata"], params.get("metadata"))
    if "payment_method" in params:
        method = payment_methods.from_parameter(call, params["payment_method"])
        params["payment_method"] = intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    sharing.check(call, intent)
    call.put(intent)


@route(
    "GET",
    "/v1/payment_intents/{intent_id}",
    {"client_secret": text},
    publishable=True,
)
def retrieve(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    return _allowed(call, params, intent_id)


def _allowed(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    """A browser must know the intent's secret. Raises ApiError 404."""
    intent = call.get(intent_id, "payment_intent")
    if call.publishable and params.get("client_secret") != intent["client_secret"]:
        raise missing_resource("payment_intent", intent_id, "intent")
    return intent


@route("POST", "/v1/payment_intents/{intent_id}", {**CHANGEABLE, **AMOUNT})
def update(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    intent = call.get(intent_id, "payment_intent")
    fixed = set(params) - {"metadata", "description", "receipt_email", "expand"}
    if intent["status"] in ("succeeded", "canceled") and fixed:
        raise unexpected_state(
            "This PaymentIntent's parameters could not be updated because it has a status of"
            f" {intent['status']}.",
            "payment_intent",
            visible(intent),
        )
    proposed = {**intent, **params}
    currencies.check_amount(proposed["amount"], proposed["currency"])
    _write(call, intent, params)
    return intent


@route(
    "POST",
    "/v1/payment_intents/{intent_id}/confirm",
    {
        **CONFIRMING,
        **{name: CHANGEABLE[name] for name in AT_CONFIRM_TOO},
        "client_secret": text,
    },
    publishable=True,
)
def confirm(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    intent = _allowed(call, params, intent_id)
    confirming.check_state(intent)
    _write(call, intent, params)
    return confirming.confirm(call, intent, params)


@route(
    "POST",
    "/v1/payment_intents/{intent_id}/cancel",
    {
        "cancellation_reason": choice(
            "duplicate", "fraudulent", "requested_by_customer", "abandoned"
        )
    },
)
def cancel(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    intent = call.get(intent_id, "payment_intent")
    if intent["status"] not in (*confirming.CONFIRMABLE, "processing", "requires_capture"):
        raise unexpected_state(
            "You cannot cancel this PaymentIntent because it has a status of"
            f" {intent['status']}. Only a PaymentIntent with one of the following statuses may be"
            " canceled: requires_payment_method, requires_capture, requires_confirmation,"
            " requires_action, processing.",
            "payment_intent",
            visible(intent),
        )
    if intent["status"] == "requires_capture":
        refunds.release(call, call.get(intent["latest_charge"], "charge"))
    intent |= {
        "status": "canceled",
        "amount_capturable": 0,
        "canceled_at": int(time.time()),
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
    }
    call.emit("payment_intent.canceled", call.put(intent))
    return intent


@route("GET", "/v1/payment_intents", {"customer": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "payment_intent", "/v1/payment_intents", params, "customer")
