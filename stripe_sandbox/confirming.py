"""What confirming an intent does: finding the card, asking the bank, and the charge.

A decline raises ApiError 402 with `executed` set: what was written until then stays.
"""

from typing import Any

from stripe_sandbox import (
    authentication,
    cards,
    charges,
    confirmation_tokens,
    disputes,
    ids,
    payment_methods,
    sharing,
)
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import ApiError, doc_url, unexpected_state
from stripe_sandbox.store import Object

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def confirm(call: Call, intent: Object, params: dict[str, Any]) -> Object:
    """Raises ApiError 400 for a wrong state or parameter, 402 for a decline."""
    check_state(intent)
    method = choose_method(call, intent, params)
    off_session = bool(params.get("off_session"))
    _check_return_url(intent, params, off_session=off_session)
    intent |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None}
    need = authentication.need(intent, method, off_session=off_session)
    if need is authentication.Need.REFUSED or (
        need is authentication.Need.CHALLENGE and params.get("error_on_requires_action")
    ):
        raise refuse(call, intent, method, cards.UNAUTHENTICATED)
    if need is authentication.Need.CHALLENGE:
        authentication.demand(call, intent, params)
        call.emit("payment_intent.requires_action", call.put(intent))
        return intent
    return charge(call, intent, method)


def check_state(intent: Object) -> None:
    kind = intent["object"]
    noun = "PaymentIntent" if kind == "payment_intent" else "SetupIntent"
    if intent["status"] == "succeeded":
        raise unexpected_state(
            f"You cannot confirm this {noun} because it has already succeeded after being"
            " previously confirmed.",
            kind,
            visible(intent),
        )
    if intent["status"] not in CONFIRMABLE:
        raise unexpected_state(
            f"You cannot confirm this {noun} because it has a status of {intent['status']}. Only a"
            f" {noun} with one of the following statuses may be confirmed:"
            " requires_payment_method, requires_confirmation, requires_action.",
            kind,
            visible(intent),
        )


def choose_method(call: Call, intent: Object, params: dict[str, Any]) -> Object:
    """The card to ask, and its customer checked. Raises ApiError 400."""
    kind = intent["object"]
    if "confirmation_token" in params and "payment_method" in params:
        raise ApiError(
            400,
            "You cannot provide `payment_method` and `confirmation_token` together.",
            param="confirmation_token",
        )
    if "confirmation_token" in params:
        token = confirmation_tokens.spend(call, params["confirmation_token"], intent)
        params |= {"use_stripe_sdk": True}
        if token["shipping"] and kind == "payment_intent":
            intent["shipping"] = token["shipping"]
        if token["return_url"]:
            params.setdefault("return_url", token["return_url"])
        method = call.param(token["_payment_method"], "payment_method", "confirmation_token")
    elif named := params.get("payment_method") or intent["payment_method"]:
        method = payment_methods.from_parameter(call, named)
    else:
        raise unexpected_state(
            "You cannot confirm this intent because it's missing a payment method. You can either"
            " update it with a payment method and then confirm it again, or confirm it again"
            " directly with a payment method or ConfirmationToken.",
            kind,
            visible(intent),
        )
    _check_customer(intent, method)
    return method


def _check_customer(intent: Object, method: Object) -> None:
    if method["customer"] and not intent["customer"]:
        raise ApiError(
            400,
            "The payment method you provided is attached to a customer so for security purposes"
            " you must provide the customer in the request.",
            param="payment_method",
        )
    if method["customer"] and method["customer"] != intent["customer"]:
        raise ApiError(
            400,
            f"The customer {intent['customer']} does not own the payment method {method['id']}.",
            param="payment_method",
        )
    if method["_spent"] and not method["customer"]:
        raise payment_methods.spent()


def _check_return_url(intent: Object, params: dict[str, Any], *, off_session: bool) -> None:
    automatic = intent["automatic_payment_methods"]
    redirects = automatic and automatic["allow_redirects"] == "always"
    if redirects and not off_session and "return_url" not in params:
        raise ApiError(
            400,
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard."
            " Because some of these payment methods might redirect your customer off of your"
            " page, you must provide a `return_url`. If you don't want to accept redirect-based"
            " payment methods, set `automatic_payment_methods[enabled]` to `true` and"
            " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents"
            " and Payment Intents.",
        )


def charge(call: Call, intent: Object, method: Object, *, authenticated: bool = False) -> Object:
    """Asks the bank for the money, or leaves the intent `processing` while a slow bank thinks.

    Raises ApiError 402 when the bank declines.
    """
    pause = call.context.slow_banks.pause(call.platform or call.account)
    if pause is not None and intent["status"] != "processing":
        intent |= {"status": "processing", "next_action": None, "_authenticated": authenticated}
        call.remind(intent["id"], pause)
        call.emit("payment_intent.processing", call.put(intent))
        return intent
    card = payment_methods.test_card(method)
    if card.decline:
        raise refuse(call, intent, method, card.decline, authenticated=authenticated)
    made = charges.build(call, intent, method, None, authenticated=authenticated)
    if made["captured"]:
        sharing.write_shares(call, made)
    call.put(made)
    intent |= {
        "status": "succeeded" if made["captured"] else "requires_capture",
        "amount_capturable": intent["amount"] - made["amount_captured"],
        "amount_received": made["amount_captured"],
        "latest_charge": made["id"],
        "next_action": None,
        "payment_method": method["id"],
    }
    _keep_method(call, intent, method, authenticated=authenticated)
    call.put(intent)
    call.emit("charge.succeeded", made)
    if not made["captured"]:
        call.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    call.emit("payment_intent.succeeded", intent)
    disputes.apply_aftermath(call, made, card.aftermath)
    return intent


def decide(call: Call, intent: Object) -> Object:
    """The bank has made up its mind about a `processing` intent; any other stays as it is."""
    if intent["status"] == "processing":
        method = call.param(intent["payment_method"], "payment_method", "payment_method")
        charge_unasked(call, intent, method, authenticated=intent.pop("_authenticated"))
    return intent


def charge_unasked(call: Call, intent: Object, method: Object, *, authenticated: bool) -> None:
    """Outside of any request: nobody hears of a decline, the intent carries it."""
    try:
        charge(call, intent, method, authenticated=authenticated)
    except ApiError as decline:
        if not decline.executed:
            raise


def _keep_method(call: Call, intent: Object, method: Object, *, authenticated: bool) -> None:
    """Saves the card for its customer if asked to; else it is good for one payment."""
    if intent["setup_future_usage"] and intent["customer"]:
        method["_set_up"] = method["_set_up"] or authenticated
        payment_methods.attach(call, method, intent["customer"])
    elif not method["customer"]:
        method["_spent"] = True
    call.put(method)


def refuse(
    call: Call,
    intent: Object,
    method: Object,
    decline: cards.Decline,
    *,
    authenticated: bool = False,
) -> ApiError:
    """Writes the failed charge, and returns the 402 that tells of it."""
    made = charges.build(call, intent, method, decline, authenticated=authenticated)
    call.put(made)
    error = payment_methods.declined_for_good(decline).error | {
        "charge": made["id"],
        "payment_method": visible(method),
    }
    intent["latest_charge"] = made["id"]
    call.emit("charge.failed", made)
    return fail(call, intent, error)


def fail(call: Call, intent: Object, error: dict[str, Any]) -> ApiError:
    """Leaves the intent open for another card, with the reason on it."""
    log = f"https://dashboard.stripe.com/{call.account}/test/workbench/logs?object="
    error = {
        "doc_url": doc_url(error["code"]),
        "request_log_url": f"{log}{call.request_id or ids.new_id('req', 14)}",
        **error,
    }
    kind = intent["object"]
    setup = kind == "setup_intent"
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_setup_error" if setup else "last_payment_error": error,
    }
    call.put(intent)
    call.emit("setup_intent.setup_failed" if setup else "payment_intent.payment_failed", intent)
    return ApiError(402, executed=True, **{**error, kind: visible(intent)})
