"""The buyer's answer to the bank's question, and what it does to the intent."""

from stripe_sandbox import confirming, setup_intents
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import ApiError
from stripe_sandbox.store import Object

_KINDS = ("payment_intent", "setup_intent")


def open_intent(call: Call, intent_id: str, secret: str) -> Object | None:
    """The intent whose question this is, whether or not it was answered."""
    for kind in _KINDS:
        found = call.find(intent_id, kind)
        if found and found.get("_challenge") == secret:
            return found
    return None


def answer(call: Call, intent: Object, *, accepted: bool) -> None:
    """An answer that comes late, or twice, changes nothing."""
    if intent["status"] != "requires_action":
        return
    method = call.param(intent["payment_method"], "payment_method", "payment_method")
    setup = intent["object"] == "setup_intent"
    if not accepted:
        code = "setup_intent" if setup else "payment_intent"
        confirming.fail(
            call,
            intent,
            {
                "code": f"{code}_authentication_failure",
                "message": "We are unable to authenticate your payment method. Please choose a"
                " different payment method and try again.",
                "payment_method": visible(method),
                "type": "invalid_request_error",
            },
        )
        return
    if not setup:
        confirming.charge_unasked(call, intent, method, authenticated=True)
        return
    try:
        setup_intents.succeed(call, intent, method, authenticated=True)
    except ApiError as decline:
        # As above: the intent carries it.
        if not decline.executed:
            raise
