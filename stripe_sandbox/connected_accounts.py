"""Connect: accounts of a platform, the links that onboard them, and what they may do."""

import re
from typing import Any

from stripe_sandbox import account_fields, ids
from stripe_sandbox.account_events import tell, tell_thin
from stripe_sandbox.call import Call
from stripe_sandbox.currencies import known
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    PAGE,
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

_WANTED = ["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
_CAPABILITY = hash_of(requested=boolean)
_PROFILE = hash_of(
    mcc=text,
    name=unsettable(text),
    product_description=unsettable(text),
    support_email=unsettable(text),
    support_phone=unsettable(text),
    support_url=unsettable(text),
    url=unsettable(text),
)
_FIELDS = {
    "business_profile": _PROFILE,
    "business_type": choice("company", "government_entity", "individual", "non_profit"),
    "capabilities": hash_of(card_payments=_CAPABILITY, transfers=_CAPABILITY),
    "default_currency": known,
    "email": unsettable(text),
    "metadata": metadata,
}
_CONTROLLER = hash_of(
    fees=hash_of(payer=choice("account", "application")),
    losses=hash_of(payments=choice("application", "stripe")),
    requirement_collection=choice("application", "stripe"),
    stripe_dashboard=hash_of(type=choice("express", "full", "none")),
)


@route(
    "POST",
    "/v1/accounts",
    {
        **_FIELDS,
        "controller": _CONTROLLER,
        "country": text,
        "type": choice("custom", "express", "standard"),
    },
)
def create(call: Call, params: dict[str, Any]) -> Object:
    call.context.accounts_apis.check_v1(call.account)
    return new(call, params)


def new(call: Call, params: dict[str, Any]) -> Object:
    """The account that v1's parameters describe. Raises ApiError 400."""
    country = params.get("country", "US")
    if not re.fullmatch("[A-Z]{2}", country):
        raise ApiError(
            400,
            f"Country '{country}' is unknown. Try using a 2-character alphanumeric country code"
            " instead, such as 'US', 'EG', or 'GB'.",
            param="country",
        )
    controller = params.get("controller", {})
    account = call.new(
        "account",
        "acct",
        business_profile=dict.fromkeys(account_fields.PROFILE),
        business_type=None,
        capabilities={},
        charges_enabled=False,
        controller=controller | {"is_controller": True, "type": "application"},
        country=country,
        default_currency="usd",
        details_submitted=False,
        email=None,
        external_accounts={"data": [], "has_more": False, "object": "list"},
        future_requirements=_requirements([]),
        metadata={},
        payouts_enabled=False,
        requirements=_requirements(_WANTED),
        settings=account_fields.settings(
            custom=params.get("type") == "custom"
            or controller.get("requirement_collection") == "application"
        ),
        tos_acceptance={"date": None, "ip": None, "user_agent": None},
        type=params.get("type", "none" if "controller" in params else "standard"),
    )
    account["id"] = ids.new_id("acct", 16)
    account["external_accounts"]["url"] = f"/v1/accounts/{account['id']}/external_accounts"
    del account["livemode"]
    return _write(call, account, params)


def _requirements(due: list[str]) -> Object:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def _write(call: Call, account: Object, params: dict[str, Any]) -> Object:
    account["business_profile"] |= params.get("business_profile", {})
    for name in ("business_type", "default_currency", "email"):
        account[name] = params.get(name, account[name])
    account["metadata"] = merged_metadata(account["metadata"], params.get("metadata"))
    state = "active" if account["details_submitted"] else "inactive"
    for name, wish in params.get("capabilities", {}).items():
        if wish.get("requested"):
            account["capabilities"].setdefault(name, state)
        else:
            account["capabilities"].pop(name, None)
    return call.put(account)


@route("GET", "/v1/account")
def retrieve_own(call: Call, _params: dict[str, Any]) -> Object:
    if call.platform:
        return call.of_platform().get(call.account, "account")
    own: Object = {
        "id": call.account,
        "object": "account",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "payouts_enabled": True,
        "requirements": _requirements([]),
        "type": "standard",
    }
    changed: Object = (call.find(own_id(call.account), "own_account") or {}).get("fields", {})
    return own | changed


def own_id(account: str) -> str:
    """Of the row that keeps what was changed of the account itself."""
    return f"own_{account}"


def change_own(call: Call, fields: dict[str, Any]) -> Object:
    """The account itself is another from now on: it may not charge yet, say."""
    call.put({"id": own_id(call.account), "object": "own_account", "created": 0, "fields": fields})
    changed: Object = retrieve_own(call, {})
    return changed


@route("GET", "/v1/accounts/{account_id}")
def retrieve(call: Call, params: dict[str, Any], account_id: str) -> Object:
    if account_id == call.account:
        own: Object = retrieve_own(call, params)
        return own
    return linked(call, account_id)


def linked(call: Call, account_id: str) -> Object:
    """Raises ApiError 403 for an account that is not the platform's, or no longer."""
    account = call.find(account_id, "account")
    if not account or account.get("_unlinked"):
        raise ApiError(
            403,
            f"The provided key does not have access to account '{account_id}' (or that account"
            " does not exist). Application access may have been revoked.",
            code="account_invalid",
        )
    return account


@route("POST", "/v1/accounts/{account_id}", _FIELDS)
def update(call: Call, params: dict[str, Any], account_id: str) -> Object:
    account = _write(call, linked(call, account_id), params)
    tell(call, "account.updated", account_id, account)
    tell_thin(call, account_id, params)
    return account


@route("DELETE", "/v1/accounts/{account_id}")
def delete(call: Call, _params: dict[str, Any], account_id: str) -> Object:
    call.put({**linked(call, account_id), "_unlinked": True})
    return {"id": account_id, "object": "account", "deleted": True}


@route("GET", "/v1/accounts", PAGE)
def list_(call: Call, params: dict[str, Any]) -> Object:
    condition = "json_extract(body, '$._unlinked') IS NULL"
    return page(call, "account", "/v1/accounts", params, condition=condition)


def onboard(platform: Call, account: Object) -> None:
    """All that Stripe asks for was given."""
    capabilities = account["capabilities"] or {"card_payments": "inactive", "transfers": "inactive"}
    change(
        platform,
        account,
        {
            "capabilities": dict.fromkeys(capabilities, "active"),
            "charges_enabled": True,
            "details_submitted": True,
            "payouts_enabled": True,
            "requirements": _requirements([]),
        },
    )


def change(platform: Call, account: Object, fields: dict[str, Any]) -> Object:
    """What Stripe found out by itself, told as an event of the connected account."""
    account |= fields
    platform.put(account)
    tell(platform, "account.updated", account["id"], account)
    tell_thin(platform, account["id"], fields)
    return account


def deauthorize(platform: Call, account: Object) -> None:
    """The merchant leaves the platform."""
    platform.put({**account, "_unlinked": True})
    application = {"id": "ca_sandbox", "object": "application", "name": "Sandbox platform"}
    tell(platform, "account.application.deauthorized", account["id"], application)
