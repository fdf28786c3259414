"""The domains on which wallets may be shown, of an account.
https://docs.stripe.com/api/payment_method_domains"""

import re
from typing import Any

from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, boolean, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_KIND, _PATH = "payment_method_domain", "/v1/payment_method_domains"
_WALLETS = ("amazon_pay", "apple_pay", "google_pay", "klarna", "link", "paypal")


@route("POST", _PATH, {"domain_name": text, "enabled": boolean}, required=("domain_name",))
def create(call: Call, params: dict[str, Any]) -> Object:
    """The domain that is there already, where it is."""
    name = params["domain_name"].lower()
    if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]+", name):
        raise ApiError(400, f"{name} is not a valid domain name.", param="domain_name")
    if known := call.store.select(call.account, _KIND, {"domain_name": name}):
        return known[0]
    enabled = params.get("enabled", True)
    wallets = {wallet: {"status": "active"} for wallet in _WALLETS}
    return call.put(call.new(_KIND, "pmd", domain_name=name, enabled=enabled, **wallets))


@route("GET", _PATH, {"domain_name": text, "enabled": boolean, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, _KIND, _PATH, params, "domain_name", "enabled")


@route("GET", f"{_PATH}/{{domain_id}}")
def retrieve(call: Call, _params: dict[str, Any], domain_id: str) -> Object:
    return call.get(domain_id, _KIND)


@route("POST", f"{_PATH}/{{domain_id}}", {"enabled": boolean})
def update(call: Call, params: dict[str, Any], domain_id: str) -> Object:
    return call.put({**call.get(domain_id, _KIND), **params})


@route("POST", f"{_PATH}/{{domain_id}}/validate")
def validate(call: Call, _params: dict[str, Any], domain_id: str) -> Object:
    return call.get(domain_id, _KIND)
