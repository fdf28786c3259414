"""Connect: links to the pages on which a merchant gives Stripe their details."""

import time
from typing import Any

from stripe_sandbox import ids
from stripe_sandbox.call import Call
from stripe_sandbox.connected_accounts import linked
from stripe_sandbox.errors import ApiError
from stripe_sandbox.params import choice, hash_of, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_LIFETIME = 300  # seconds


@route(
    "POST",
    "/v1/account_links",
    {
        "account": text,
        "collection_options": hash_of(
            fields=choice("currently_due", "eventually_due"),
            future_requirements=choice("include", "omit"),
        ),
        "refresh_url": text,
        "return_url": text,
        "type": choice("account_onboarding", "account_update"),
    },
    required=("account", "type"),
)
def create(call: Call, params: dict[str, Any]) -> Object:
    account = linked(call, params["account"])
    if "return_url" not in params or "refresh_url" not in params:
        raise ApiError(400, "You must provide `return_url` and `refresh_url`.", param="return_url")
    url, expires_at = put(call, account, params["return_url"], params["refresh_url"])
    return {
        "object": "account_link",
        "created": int(time.time()),
        "expires_at": expires_at,
        "url": url,
    }


def put(call: Call, account: Object, return_url: str, refresh_url: str) -> tuple[str, int]:
    """The address of a new link, which replaces an older one, and when it ends."""
    secret, expires_at = ids.random_text(24), int(time.time()) + _LIFETIME
    account["_link"] = {
        "secret": secret,
        "expires_at": expires_at,
        "return_url": return_url,
        "refresh_url": refresh_url,
    }
    call.put(account)
    return f"{call.context.base_url}/onboarding/{account['id']}/{secret}", expires_at
