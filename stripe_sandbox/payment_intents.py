"""PaymentIntents: create, read, change, confirm, cancel."""

import time
from typing import Any

from stripe_sandbox import confirming, currencies, ids, payment_methods, sharing
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import ApiError, missing_resource, unexpected_state
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    PAGE,
    SHIPPING,
    array_of,
    boolean,
    choice,
    hash_of,
    integer,
    merged_metadata,
    metadata,
    text,
    unsettable,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object


def _off_session(value: Any, name: str) -> Any:
    return value if value in ("one_off", "recurring") else boolean(value, name)


_CHANGEABLE = {
    "allowed_payment_method_types": array_of(choice("card", "link")),
    "application_fee_amount": unsettable(integer),
    "capture_method": choice("automatic", "automatic_async"),
    "customer": text,
    "description": unsettable(text),
    "metadata": metadata,
    "payment_method": text,
    "payment_method_options": hash_of(
        card=hash_of(request_three_d_secure=choice("automatic", "any", "challenge"))
    ),
    "receipt_email": unsettable(text),
    "setup_future_usage": unsettable(choice("off_session", "on_session")),
    "shipping": unsettable(SHIPPING),
    "statement_descriptor": unsettable(text),
    "statement_descriptor_suffix": unsettable(text),
    "transfer_data": hash_of(destination=text, amount=integer),
    "transfer_group": text,
}
_AMOUNT = {"amount": integer, "currency": currencies.known}
_CONFIRMING = {
    "confirmation_token": text,
    "error_on_requires_action": boolean,
    "mandate_data": hash_of(
        customer_acceptance=hash_of(
            type=choice("online", "offline"),
            accepted_at=integer,
            online=hash_of(ip_address=text, user_agent=text),
            offline=hash_of(),
        )
    ),
    "off_session": _off_session,
    "payment_method_data": payment_methods.METHOD_DATA,
    "return_url": text,
    "use_stripe_sdk": boolean,
}
_ONLY_AT_CONFIRM = (
    "confirmation_token",
    "error_on_requires_action",
    "mandate_data",
    "off_session",
    "return_url",
)
_AT_CONFIRM_TOO = (
    "allowed_payment_method_types",
    "capture_method",
    "payment_method",
    "payment_method_options",
    "receipt_email",
    "setup_future_usage",
    "shipping",
)
_STORED = (
    "application_fee_amount",
    "capture_method",
    "customer",
    "description",
    "payment_method_options",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
    "on_behalf_of",
)


@route(
    "POST",
    "/v1/payment_intents",
    {
        **_CHANGEABLE,
        **_AMOUNT,
        **_CONFIRMING,
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
    allowed = params.get("allowed_payment_method_types")
    automatic = params.get("automatic_payment_methods", {})
    if allowed and automatic.get("enabled"):
        raise ApiError(
            400,
            "You may only specify one of these parameters: automatic_payment_methods,"
            " allowed_payment_method_types.",
            param="automatic_payment_methods",
        )
    intent = call.new(
        "payment_intent",
        "pi",
        amount=params["amount"],
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        allowed_payment_method_types=allowed,
        application=None,
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
        metadata={},
        next_action=None,
        payment_method=None,
        payment_method_configuration_details=None,
        processing=None,
        review=None,
        source=None,
        status="requires_payment_method",
        **{
            **dict.fromkeys(_STORED),
            "capture_method": "automatic_async",
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        },
    )
    intent["client_secret"] = f"{intent['id']}_secret_{ids.random_text(25)}"
    _write(call, intent, params)
    call.emit("payment_intent.created", intent)
    return confirming.confirm(call, intent, params) if params.get("confirm") else intent


def _refuse_before_confirming(params: dict[str, Any]) -> None:
    if params.get("confirm"):
        return
    for name in _ONLY_AT_CONFIRM:
        if name in params:
            raise ApiError(
                400,
                f"You may only specify `{name}` when confirming a PaymentIntent: the request must"
                " have `confirm` set to true.",
                param=name,
            )


def _write(call: Call, intent: Object, params: dict[str, Any]) -> None:
    if params.get("customer"):
        call.param(params["customer"], "customer", "customer")
    if "payment_method_data" in params:
        data = params.pop("payment_method_data")
        method = payment_methods.from_data(call, data, "payment_method_data")
        params["payment_method"] = call.put(method)["id"]
    intent |= {name: params[name] for name in (*_STORED, *_AMOUNT) if name in params}
    if "allowed_payment_method_types" in params:
        intent["allowed_payment_method_types"] = params["allowed_payment_method_types"]
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


@route("POST", "/v1/payment_intents/{intent_id}", {**_CHANGEABLE, **_AMOUNT})
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
        **_CONFIRMING,
        **{name: _CHANGEABLE[name] for name in _AT_CONFIRM_TOO},
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
    if intent["status"] not in (*confirming.CONFIRMABLE, "processing"):
        raise unexpected_state(
            "You cannot cancel this PaymentIntent because it has a status of"
            f" {intent['status']}. Only a PaymentIntent with one of the following statuses may be"
            " canceled: requires_payment_method, requires_capture, requires_confirmation,"
            " requires_action, processing.",
            "payment_intent",
            visible(intent),
        )
    intent |= {
        "status": "canceled",
        "canceled_at": int(time.time()),
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
    }
    call.emit("payment_intent.canceled", call.put(intent))
    return intent


@route("GET", "/v1/payment_intents", {"customer": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "payment_intent", "/v1/payment_intents", params, "customer")
