"""SetupIntents: a card saved for later, without a charge."""

from typing import Any

from stripe_sandbox import authentication, card_entry, cards, confirming, ids, payment_methods
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import missing_resource, unexpected_state
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    PAGE,
    array_of,
    boolean,
    choice,
    hash_of,
    merged_metadata,
    metadata,
    text,
    unsettable,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_CONFIRMING = {
    "confirmation_token": text,
    "payment_method": text,
    "payment_method_data": card_entry.METHOD_DATA,
    "return_url": text,
    "use_stripe_sdk": boolean,
}


@route(
    "POST",
    "/v1/setup_intents",
    {
        **_CONFIRMING,
        "allowed_payment_method_types": array_of(choice("card", "link")),
        "automatic_payment_methods": hash_of(
            enabled=boolean, allow_redirects=choice("always", "never")
        ),
        "confirm": boolean,
        "customer": text,
        "description": unsettable(text),
        "metadata": metadata,
        "usage": choice("off_session", "on_session"),
    },
)
def create(call: Call, params: dict[str, Any]) -> Object:
    if "customer" in params:
        call.param(params["customer"], "customer", "customer")
    intent = call.new(
        "setup_intent",
        "seti",
        allowed_payment_method_types=params.get("allowed_payment_method_types"),
        application=call.application,
        automatic_payment_methods=params.get("automatic_payment_methods"),
        cancellation_reason=None,
        customer=params.get("customer"),
        description=params.get("description"),
        excluded_payment_method_types=None,
        flow_directions=None,
        last_setup_error=None,
        latest_attempt=None,
        mandate=None,
        metadata=merged_metadata({}, params.get("metadata")),
        next_action=None,
        on_behalf_of=None,
        payment_method=None,
        payment_method_configuration_details=None,
        payment_method_types=params.get("allowed_payment_method_types", ["card"]),
        payment_method_options={
            "card": {
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        single_use_mandate=None,
        status="requires_payment_method",
        usage=params.get("usage", "off_session"),
    )
    intent["client_secret"] = f"{intent['id']}_secret_{ids.random_text(25)}"
    call.emit("setup_intent.created", call.put(intent))
    return _confirm(call, intent, params) if params.get("confirm") else intent


def _confirm(call: Call, intent: Object, params: dict[str, Any]) -> Object:
    if "payment_method_data" in params:
        data = params.pop("payment_method_data")
        method = card_entry.from_data(call, data, "payment_method_data")
        params["payment_method"] = call.put(method)["id"]
    method = confirming.choose_method(call, intent, params)
    intent |= {"payment_method": method["id"], "last_setup_error": None, "next_action": None}
    if authentication.need(intent, method, off_session=False) is authentication.Need.CHALLENGE:
        authentication.demand(call, intent, params)
        call.emit("setup_intent.requires_action", call.put(intent))
        return intent
    return succeed(call, intent, method)


def succeed(call: Call, intent: Object, method: Object, *, authenticated: bool = False) -> Object:
    """Raises ApiError 402 for a card that its issuer refuses to have saved."""
    card = payment_methods.test_card(method)
    if card.decline and not card.attachable:
        raise confirming.fail(call, intent, _error(card.decline, method))
    method["_set_up"] = method["_set_up"] or authenticated
    call.put(method)
    if intent["customer"]:
        payment_methods.attach(call, method, intent["customer"])
    intent |= {"status": "succeeded", "next_action": None, "payment_method": method["id"]}
    call.emit("setup_intent.succeeded", call.put(intent))
    return intent


def _error(decline: cards.Decline, method: Object) -> dict[str, Any]:
    return payment_methods.declined_for_good(decline).error | {"payment_method": visible(method)}


@route("GET", "/v1/setup_intents/{intent_id}", {"client_secret": text}, publishable=True)
def retrieve(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    return _allowed(call, params, intent_id)


def _allowed(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    intent = call.get(intent_id, "setup_intent")
    if call.publishable and params.get("client_secret") != intent["client_secret"]:
        raise missing_resource("setup_intent", intent_id, "intent")
    return intent


@route(
    "POST",
    "/v1/setup_intents/{intent_id}/confirm",
    {**_CONFIRMING, "client_secret": text},
    publishable=True,
)
def confirm(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    intent = _allowed(call, params, intent_id)
    confirming.check_state(intent)
    return _confirm(call, intent, params)


@route(
    "POST",
    "/v1/setup_intents/{intent_id}/cancel",
    {"cancellation_reason": choice("abandoned", "duplicate", "requested_by_customer")},
)
def cancel(call: Call, params: dict[str, Any], intent_id: str) -> Object:
    intent = call.get(intent_id, "setup_intent")
    if intent["status"] not in confirming.CONFIRMABLE:
        raise unexpected_state(
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.",
            "setup_intent",
            visible(intent),
        )
    intent |= {
        "status": "canceled",
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
    }
    call.emit("setup_intent.canceled", call.put(intent))
    return intent


@route("GET", "/v1/setup_intents", {"customer": text, "payment_method": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "setup_intent", "/v1/setup_intents", params, "customer", "payment_method")
