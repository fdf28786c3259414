"""ConfirmationTokens: what a browser collected, good for one intent within about 12 hours."""

import time
from typing import Any

from stripe_sandbox import card_entry, payment_methods
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.params import SHIPPING, choice, missing, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_LIFETIME = 12 * 3600  # seconds
_FIELDS = {
    "payment_method": text,
    "payment_method_data": card_entry.METHOD_DATA,
    "return_url": text,
    "setup_future_usage": choice("off_session", "on_session"),
    "shipping": SHIPPING,
}


@route(
    "POST",
    "/v1/confirmation_tokens",
    _FIELDS,
    publishable=True,
)
def create(call: Call, params: dict[str, Any]) -> Object:
    """Stripe keeps this one to Stripe.js: it refuses secret keys."""
    if not call.publishable:
        raise ApiError(403, "Confirmation tokens can only be created with a publishable API key.")
    return _mint(call, params)


@route(
    "POST",
    "/v1/test_helpers/confirmation_tokens",
    _FIELDS,
)
def create_in_tests(call: Call, params: dict[str, Any]) -> Object:
    return _mint(call, params)


def _mint(call: Call, params: dict[str, Any]) -> Object:
    if "payment_method" in params:
        method = payment_methods.from_parameter(call, params["payment_method"])
    elif "payment_method_data" in params:
        data = params["payment_method_data"]
        method = card_entry.from_data(call, data, "payment_method_data")
        call.put(method)
    else:
        raise missing("payment_method_data")
    now = int(time.time())
    shown = ("allow_redisplay", "billing_details", "card", "customer", "customer_account", "type")
    token = call.new(
        "confirmation_token",
        "ctoken",
        expires_at=now + _LIFETIME,
        mandate_data=None,
        metadata=None,
        payment_intent=None,
        payment_method_options=None,
        payment_method_preview={name: method[name] for name in shown},
        return_url=params.get("return_url"),
        setup_future_usage=params.get("setup_future_usage"),
        setup_intent=None,
        shipping=params.get("shipping"),
        use_stripe_sdk=True,
        _payment_method=method["id"],
    )
    return call.put(token)


@route("GET", "/v1/confirmation_tokens/{token_id}")
def retrieve(call: Call, _params: dict[str, Any], token_id: str) -> Object:
    return call.get(token_id, "confirmation_token")


def spend(call: Call, token_id: str, intent: Object) -> Object:
    """Binds the token to the intent. Raises ApiError 400 if it was spent or has expired."""
    token = call.param(token_id, "confirmation_token", "confirmation_token")
    kind = intent["object"]
    if token["payment_intent"] or token["setup_intent"] or token["expires_at"] <= time.time():
        reason = "expired" if token["expires_at"] <= time.time() else "already been used"
        raise ApiError(
            400,
            f"The provided ConfirmationToken has {reason}. Please create a new one and try again.",
            code=f"{kind}_confirmation_token_invalid",
            param="confirmation_token",
        )
    wanted, offered = intent.get("setup_future_usage"), token["setup_future_usage"]
    if kind == "payment_intent" and offered != wanted:
        raise ApiError(
            400,
            f"The provided setup_future_usage ({offered or 'null'}) does not match the expected"
            f" setup_future_usage ({wanted or 'null'}). Try confirming with a Payment Intent that"
            " is configured to use the same parameters as Stripe Elements.",
            param="confirmation_token",
        )
    token[kind] = intent["id"]
    return call.put(token)
