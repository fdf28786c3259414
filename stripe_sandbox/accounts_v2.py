"""Connect: accounts and their links by API v2, https://docs.stripe.com/api/v2/core/accounts.

At Stripe one account stands behind both APIs. What is kept here is v1's object, and `_v2` beside
it holds what v1 has no field for; v2's object is drawn from the two.
"""

import time
from datetime import UTC, datetime
from typing import Any

from stripe_sandbox import account_links, connected_accounts
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError, v2_error
from stripe_sandbox.params import array_of, boolean, choice, hash_of, metadata, page_size, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_CAPABILITY = hash_of(requested=boolean)
_TRANSFERS = hash_of(stripe_balance=hash_of(stripe_transfers=_CAPABILITY))
_INCLUDABLE = ("defaults", "identity", "requirements")
_INCLUDE = array_of(
    choice(
        "configuration.customer",
        "configuration.merchant",
        "configuration.recipient",
        "future_requirements",
        *_INCLUDABLE,
    )
)
# The names of what is required, which are other paths in v2.
_NAMES = {
    "business_profile.url": "defaults.profile.business_url",
    "tos_acceptance.date": "identity.attestations.terms_of_service.account.date",
    "tos_acceptance.ip": "identity.attestations.terms_of_service.account.ip",
}
_STATUSES = {"inactive": "restricted"}


@route(
    "POST",
    "/v2/core/accounts",
    {
        "configuration": hash_of(
            merchant=hash_of(capabilities=hash_of(card_payments=_CAPABILITY)),
            recipient=hash_of(capabilities=_TRANSFERS),
        ),
        "contact_email": text,
        "dashboard": choice("express", "full", "none"),
        "defaults": hash_of(
            profile=hash_of(business_url=text, doing_business_as=text, product_description=text),
            responsibilities=hash_of(
                fees_collector=choice(
                    "application", "application_custom", "application_express", "stripe"
                ),
                losses_collector=choice("application", "stripe"),
            ),
        ),
        "display_name": text,
        "identity": hash_of(country=text, entity_type=text),
        "include": _INCLUDE,
        "metadata": metadata,
    },
)
def create(call: Call, params: dict[str, Any]) -> Object:
    call.context.accounts_apis.check_v2(call.account)
    configurations = params.get("configuration", {})
    country = params.get("identity", {}).get("country")
    if configurations and not country:
        words = "The `identity.country` value is required but not provided."
        raise v2_error(400, "identity_country_required", words)
    defaults = params.get("defaults", {})
    account = connected_accounts.new(
        call,
        {
            "business_profile": {"name": defaults.get("profile", {}).get("doing_business_as")},
            "capabilities": _as_in_v1(configurations),
            "country": (country or "us").upper(),
            "email": params.get("contact_email"),
            "metadata": params.get("metadata"),
            "type": "none",
        },
    )
    kept = {name: params.get(name) for name in ("dashboard", "display_name")}
    account["_v2"] = {**kept, "defaults": defaults, "configurations": sorted(configurations)}
    return _drawn(call.put(account), params.get("include", []))


def _as_in_v1(configurations: Object) -> Object:
    merchant = configurations.get("merchant", {}).get("capabilities", {})
    recipient = configurations.get("recipient", {}).get("capabilities", {})
    return {
        name: wish
        for name, wish in (
            ("card_payments", merchant.get("card_payments")),
            ("transfers", recipient.get("stripe_balance", {}).get("stripe_transfers")),
        )
        if wish
    }


@route("GET", "/v2/core/accounts", {"limit": page_size})
def list_(call: Call, params: dict[str, Any]) -> Object:
    """The newest; the sandbox's list has one page."""
    call.context.accounts_apis.check_v2(call.account)
    made = "json_extract(body, '$._v2') IS NOT NULL AND json_extract(body, '$._unlinked') IS NULL"
    found = call.store.select(call.account, "account", condition=made)
    data = [_drawn(account, []) for account in found[: params.get("limit", 20)]]
    return {"data": data, "next_page_url": None, "previous_page_url": None}


@route("GET", "/v2/core/accounts/{account_id}", {"include": _INCLUDE})
def retrieve(call: Call, params: dict[str, Any], account_id: str) -> Object:
    return _drawn(_made_by_v2(call, account_id), params.get("include", []))


def _made_by_v2(call: Call, account_id: str) -> Object:
    """Raises ApiError 404 for an account that is not the platform's, 400 for one made by v1."""
    call.context.accounts_apis.check_v2(call.account)
    try:
        account = connected_accounts.linked(call, account_id)
    except ApiError as error:
        raise v2_error(404, "not_found", f"No such account: '{account_id}'") from error
    if "_v2" not in account:
        words = "V1 Account ID cannot be used in V2 Account APIs."
        raise v2_error(400, "v1_account_instead_of_v2_account", words)
    return account


_ONBOARDING = hash_of(
    collection_options=hash_of(
        fields=choice("currently_due", "eventually_due"),
        future_requirements=choice("include", "omit"),
    ),
    refresh_url=text,
    return_url=text,
)


@route(
    "POST",
    "/v2/core/account_links",
    {
        "account": text,
        "use_case": hash_of(
            account_onboarding=_ONBOARDING,
            account_update=_ONBOARDING,
            type=choice("account_onboarding", "account_update"),
        ),
    },
    required=("account", "use_case"),
)
def create_link(call: Call, params: dict[str, Any]) -> Object:
    account = _made_by_v2(call, params["account"])
    use_case = params["use_case"]
    addresses = use_case.get(use_case.get("type"), {})
    if "refresh_url" not in addresses:
        raise ApiError(400, "Missing required param: refresh_url.", param="use_case")
    back = addresses.get("return_url", addresses["refresh_url"])
    url, expires_at = account_links.put(call, account, back, addresses["refresh_url"])
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": _moment(time.time()),
        "expires_at": _moment(expires_at),
        "livemode": False,
        "url": url,
        "use_case": use_case,
    }


def _drawn(account: Object, include: list[str]) -> Object:
    """As v2 tells of it: what is not included is null."""
    kept = account["_v2"]
    wanted = [name for name in kept["configurations"] if f"configuration.{name}" in include]
    drawn = {
        "id": account["id"],
        "object": "v2.core.account",
        "applied_configurations": kept["configurations"],
        "closed": account.get("_closed", False),
        "configuration": {name: _configuration(account, name) for name in wanted} or None,
        "contact_email": account["email"],
        "created": _moment(account["created"]),
        "dashboard": kept["dashboard"],
        "defaults": _defaults(kept["defaults"]),
        "display_name": kept["display_name"],
        "future_requirements": None,
        "identity": {"country": account["country"].lower()},
        "livemode": False,
        "metadata": account["metadata"],
        "requirements": _requirements(account),
    }
    return drawn | {name: None for name in _INCLUDABLE if name not in include}


def _defaults(given: Object) -> Object:
    """Stripe collects what is required: the sandbox has only its form."""
    collectors = given.get("responsibilities", {}) | {"requirements_collector": "stripe"}
    return given | {"responsibilities": collectors}


def _configuration(account: Object, name: str) -> Object:
    capabilities = account["capabilities"]
    payouts = "active" if account["payouts_enabled"] else "inactive"
    balance: Object = {"payouts": _capability(payouts)}
    if name == "merchant":
        cards = _capability(capabilities.get("card_payments"))
        both = {"card_payments": cards, "stripe_balance": balance}
        return {"applied": True, "capabilities": both}
    balance["stripe_transfers"] = _capability(capabilities.get("transfers"))
    return {"applied": True, "capabilities": {"stripe_balance": balance}}


def _capability(status: Any) -> Object:
    asked = {"code": "requirements_past_due", "resolution": "provide_info"}
    said = _STATUSES.get(status, status) if isinstance(status, str) else status
    return {"status": said, "status_details": [] if said == "active" else [asked]}


def _requirements(account: Object) -> Object:
    asked = account["requirements"]
    entries = [
        _entry(account, name, "past_due" if name in asked.get("past_due", []) else "currently_due")
        for name in asked.get("currently_due", [])
    ]
    entries += [
        _entry(account, name, "eventually_due", "stripe")
        for name in asked.get("pending_verification", [])
    ]
    return {"alternatives": [], "entries": entries, "summary": None}


def _entry(account: Object, name: str, status: str, awaiting: str = "user") -> Object:
    given = account["details_submitted"]
    return {
        "awaiting_action_from": awaiting,
        "description": _NAMES.get(name, name),
        "errors": [],
        "impact": {"restricts_capabilities": []},
        "minimum_deadline": {"status": status},
        "reference": None,
        "requested_reasons": [{"code": "routine_verification" if given else "routine_onboarding"}],
    }


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
