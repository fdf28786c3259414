"""3-D Secure: when the bank wants to see its customer, and what comes of it."""

from enum import Enum
from typing import Any

from stripe_sandbox import ids, payment_methods
from stripe_sandbox.call import Call
from stripe_sandbox.cards import Authentication
from stripe_sandbox.store import Object


class Need(Enum):
    NOTHING = "nothing"
    CHALLENGE = "challenge"
    REFUSED = "refused"


def need(intent: Object, method: Object, *, off_session: bool) -> Need:
    rule = payment_methods.test_card(method).authentication
    asked = _three_d_secure_wish(intent) in ("any", "challenge")
    if off_session:
        exempt = rule in (Authentication.NEVER, Authentication.ON_SESSION) or (
            rule is Authentication.UNTIL_SET_UP and method["_set_up"]
        )
        return Need.NOTHING if exempt else Need.REFUSED
    if rule is Authentication.UNTIL_SET_UP and method["_set_up"]:
        return Need.CHALLENGE if asked else Need.NOTHING
    return Need.CHALLENGE if asked or rule is not Authentication.NEVER else Need.NOTHING


def _three_d_secure_wish(intent: Object) -> str:
    card = intent["payment_method_options"].get("card", {})
    return str(card.get("request_three_d_secure", "automatic"))


def demand(call: Call, intent: Object, params: dict[str, Any]) -> None:
    """Puts the bank's question on the intent, as a frame or as a redirect."""
    intent["status"] = "requires_action"
    intent["_challenge"] = ids.random_text(24)
    intent["_return_url"] = params.get("return_url")
    url = f"{call.context.base_url}/three_d_secure/{intent['id']}/{intent['_challenge']}"
    if params.get("use_stripe_sdk") or "return_url" not in params:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "source": ids.new_id("src"),
                "stripe_js": url,
                "type": "three_d_secure_redirect",
            },
        }
    else:
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": params["return_url"], "url": f"{url}?redirect=1"},
        }
