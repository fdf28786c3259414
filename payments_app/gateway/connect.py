"""Connect: merchants' accounts, and the links that onboard them.

An account is made by API v2, or by v1 where a setting says so, and read by the API that made it.
Sources: https://docs.stripe.com/api/v2/core/accounts, https://docs.stripe.com/api/accounts,
https://docs.stripe.com/connect/accounts-v2/account-creation
"""

from __future__ import annotations

from typing import Any

from flask import current_app

from payments_app.gateway.account_state import V2_ACCOUNT
from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.pages import find_named, objects
from payments_app.gateway.results import Answer

# Who answers for fees and losses. Of a destination charge the platform does, since it is the one
# that charges; a merchant who charges directly is Stripe's own customer, with a full dashboard.
# https://docs.stripe.com/connect/migrate-to-controller-properties
_CONTROLLER = {
    "destination": {
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "stripe_dashboard": {"type": "express"},
    },
    "direct": {
        "fees": {"payer": "account"},
        "losses": {"payments": "stripe"},
        "stripe_dashboard": {"type": "full"},
    },
}
_MERCHANT = {"capabilities": {"card_payments": {"requested": True}}}
_RECIPIENT = {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
# The same in v2. A recipient's fees and losses are the platform's always. In some countries
# transfers need card payments besides, which v1 has been asked for as well.
# https://docs.stripe.com/connect/accounts-v2/connected-account-configuration
_CONFIGURATION: dict[str, dict[str, Any]] = {
    "destination": {
        "configuration": {"merchant": _MERCHANT, "recipient": _RECIPIENT},
        "dashboard": "express",
        "collector": "application",
    },
    "direct": {
        "configuration": {"merchant": _MERCHANT},
        "dashboard": "full",
        "collector": "stripe",
    },
}
# What v2 leaves out unless it is asked for. Of its owner's identity nothing is.
_INCLUDE = ["configuration.merchant", "configuration.recipient", "requirements"]
# v2 does not know the account: v1 has the last word.
_NOT_OF_V2 = frozenset(
    {
        "account_not_yet_compatible_with_v2",
        "accounts_v2_access_blocked",
        "non_connect_platform_accounts_v2_access_blocked",
        "not_found",
        "v1_account_instead_of_v2_account",
    }
)


def makes_by_v2() -> bool:
    """Whether accounts are made by API v2."""
    return bool(current_app.config["CONFIG"].stripe_accounts_api == "v2")


def create_account(
    merchant_id: str,
    *,
    email: str,
    name: str,
    country: str,
    charge_type: str,
    number: int = 1,
    attempt: str = "",
) -> Answer:
    """Make an account for a merchant. The same key answers the same account. The next `number`
    makes another key, after a refusal (v1 saves it for the key); and so does `attempt`, where
    Stripe has saved an error of its own."""
    by_v2 = makes_by_v2()
    numbered = f"no{number}" if number > 1 else ""
    parts = ("merchant", merchant_id, "account", "v2" if by_v2 else "", numbered, attempt)
    made = options(key="-".join(filter(None, parts)))
    wish = (_wish_v2 if by_v2 else _wish_v1)(merchant_id, email, name, country, charge_type)
    if by_v2:
        return object_call(
            "account_create",
            V2_ACCOUNT,
            lambda: client().v2.core.accounts.create(wish, made),  # type: ignore[arg-type]
        )
    return object_call(
        "account_create",
        "account",
        lambda: client().v1.accounts.create(wish, made),  # type: ignore[arg-type]
    )


def _wish_v1(
    merchant_id: str, email: str, name: str, country: str, charge_type: str
) -> dict[str, Any]:
    return {
        "country": country,
        "email": email,
        "controller": _CONTROLLER[charge_type],
        "capabilities": {
            "card_payments": {"requested": True},
            "transfers": {"requested": True},
        },
        "business_profile": {"name": name},
        "metadata": {"merchant_id": merchant_id},
    }


def _wish_v2(
    merchant_id: str, email: str, name: str, country: str, charge_type: str
) -> dict[str, Any]:
    kind = _CONFIGURATION[charge_type]
    return {
        "configuration": kind["configuration"],
        "contact_email": email,
        "dashboard": kind["dashboard"],
        "defaults": {
            "profile": {"doing_business_as": name},
            "responsibilities": {
                "fees_collector": kind["collector"],
                "losses_collector": kind["collector"],
            },
        },
        "display_name": name,
        "identity": {"country": country.lower()},
        "include": _INCLUDE,
        "metadata": {"merchant_id": merchant_id},
    }


def find_account(merchant_id: str) -> Answer:
    """Find the account that carries our id, in v1's list: it holds those of v2 too, and does not
    lag as theirs does. ANSWERED without a body says that Stripe has none."""
    found = objects(client().v1.accounts.list)
    answer = find_named("account_find", found, "merchant_id", merchant_id)
    if answer.body is None or not makes_by_v2():
        return answer
    return retrieve_account(answer.body["id"], by_v2=True)


def retrieve_account(stripe_account_id: str, *, by_v2: bool) -> Answer:
    """Read a connected account as it stands at Stripe now; one that v2 does not know, by v1."""
    if by_v2:
        answer = object_call(
            "account_retrieve",
            V2_ACCOUNT,
            lambda: client().v2.core.accounts.retrieve(
                stripe_account_id,
                {"include": _INCLUDE},  # type: ignore[arg-type]
            ),
        )
        if answer.error_code not in _NOT_OF_V2:
            return answer
    return object_call(
        "account_retrieve", "account", lambda: client().v1.accounts.retrieve(stripe_account_id)
    )
