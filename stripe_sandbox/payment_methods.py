"""Payment methods: cards only. Their numbers stay here; `pm_card_*` mints a fresh method."""

from typing import Any

from stripe_sandbox import cards
from stripe_sandbox.call import Call
from stripe_sandbox.card_entry import CARD, REDISPLAY, build, from_data
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import BILLING, PAGE, choice, merged_metadata, metadata, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_NO_TEST_CARD = cards.TestCard(
    "",
    (),
    cards.Decline(
        "card_declined",
        "test_mode_live_card",
        "Your card was declined. Your request was in test mode, but used a non test card."
        " For a list of valid test cards, visit: https://stripe.com/docs/testing.",
    ),
)


def test_card(method: Object) -> cards.TestCard:
    return cards.BY_NUMBER.get(method["_number"], _NO_TEST_CARD)


def from_parameter(call: Call, value: str, name: str = "payment_method") -> Object:
    """The stored method, or a fresh one for a `pm_card_*`. Raises ApiError 400."""
    if known := cards.BY_ID.get(value):
        return call.put(build(call, known.number))
    return call.param(value, "payment_method", name)


def attach(call: Call, method: Object, customer: str) -> Object:
    if method["customer"] == customer:
        return method
    method["customer"] = customer
    call.put(method)
    call.emit("payment_method.attached", method)
    return method


@route(
    "POST",
    "/v1/payment_methods",
    {
        "type": choice("card"),
        "card": CARD,
        "billing_details": BILLING,
        "allow_redisplay": REDISPLAY,
        "metadata": metadata,
    },
    required=("type",),
    publishable=True,
)
def create(call: Call, params: dict[str, Any]) -> Object:
    method = from_data(call, params)
    method["metadata"] = params.get("metadata", {})
    return call.put(method)


@route("GET", "/v1/payment_methods/{method_id}")
def retrieve(call: Call, _params: dict[str, Any], method_id: str) -> Object:
    if method_id in cards.BY_ID:
        return from_parameter(call, method_id)
    return call.get(method_id, "payment_method")


@route(
    "POST",
    "/v1/payment_methods/{method_id}",
    {"allow_redisplay": REDISPLAY, "billing_details": BILLING, "metadata": metadata},
)
def update(call: Call, params: dict[str, Any], method_id: str) -> Object:
    method = call.get(method_id, "payment_method")
    method["allow_redisplay"] = params.get("allow_redisplay", method["allow_redisplay"])
    method["billing_details"] |= params.get("billing_details", {})
    method["metadata"] = merged_metadata(method["metadata"], params.get("metadata"))
    call.emit("payment_method.updated", call.put(method))
    return method


@route("POST", "/v1/payment_methods/{method_id}/attach", {"customer": text}, required=("customer",))
def attach_to_customer(call: Call, params: dict[str, Any], method_id: str) -> Object:
    customer = call.param(params["customer"], "customer", "customer")
    if known := cards.BY_ID.get(method_id):
        method = build(call, known.number)
    else:
        method = call.get(method_id, "payment_method")
    if method["customer"] not in (None, customer["id"]):
        raise ApiError(
            400,
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if method["_spent"]:
        raise spent()
    card = test_card(method)
    if card.decline and not card.attachable:
        raise declined_for_good(card.decline)
    return attach(call, method, customer["id"])


def declined_for_good(decline: cards.Decline) -> ApiError:
    """The issuer refuses the card before there is a charge."""
    return ApiError(
        402,
        decline.message,
        type="card_error",
        code=decline.code,
        decline_code=decline.decline_code,
        advice_code=decline.advice_code,
        network_decline_code=decline.network_decline_code,
        network_advice_code=decline.network_advice_code,
        param=decline.param,
        executed=True,
    )


def spent() -> ApiError:
    """People report it with neither code nor parameter."""
    return ApiError(
        400,
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer"
        " attachment, shared with a connected account without Customer attachment, or was"
        " detached from a Customer. It may not be used again. To use a PaymentMethod multiple"
        " times, you must attach it to a Customer first.",
    )


@route("POST", "/v1/payment_methods/{method_id}/detach")
def detach(call: Call, _params: dict[str, Any], method_id: str) -> Object:
    method = call.get(method_id, "payment_method")
    if method["customer"] is None:
        raise ApiError(
            400,
            "The payment method you provided is not attached to a customer so detachment is"
            " impossible.",
        )
    method |= {"customer": None, "_spent": True}
    call.emit("payment_method.detached", call.put(method))
    return method


_LIST = {"customer": text, "type": choice("card"), "allow_redisplay": REDISPLAY, **PAGE}


@route("GET", "/v1/payment_methods", _LIST)
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(
        call,
        "payment_method",
        "/v1/payment_methods",
        params,
        "customer",
        "type",
        "allow_redisplay",
        condition="json_extract(body, '$.customer') IS NOT NULL",
    )


@route("GET", "/v1/customers/{customer_id}/payment_methods", _LIST)
def list_of_customer(call: Call, params: dict[str, Any], customer_id: str) -> Object:
    call.get(customer_id, "customer")
    listed: Object = list_(call, {**params, "customer": customer_id})
    return listed
