"""Connect: merchants' accounts, and the links that onboard them.

Sources: https://docs.stripe.com/api/accounts, https://docs.stripe.com/api/account_links
"""

from __future__ import annotations

from typing import Any

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


def create_account(
    merchant_id: str, *, email: str, name: str, country: str, charge_type: str, attempt: str = ""
) -> Answer:
    """Make an account for a merchant. The same key answers the same account; `attempt` makes
    another key, where Stripe has saved an error of its own for the first."""
    parameters: dict[str, Any] = {
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
    key = "-".join(filter(None, ("merchant", merchant_id, "account", attempt)))
    return object_call(
        "account_create",
        "account",
        lambda: client().v1.accounts.create(parameters, options(key=key)),  # type: ignore[arg-type]
    )


def find_account(merchant_id: str) -> Answer:
    """Find the account that carries our id. ANSWERED without a body says that Stripe has none."""
    found = objects(client().v1.accounts.list)
    return find_named("account_find", found, "merchant_id", merchant_id)


def retrieve_account(stripe_account_id: str) -> Answer:
    """Read a connected account as it stands at Stripe now."""
    return object_call(
        "account_retrieve", "account", lambda: client().v1.accounts.retrieve(stripe_account_id)
    )


def create_link(stripe_account_id: str, url: str) -> Answer:
    """Make the link by which a merchant gives Stripe its details: good once, for minutes. The
    merchant comes back to `url`, done or not."""
    return object_call(
        "account_link",
        "account_link",
        lambda: client().v1.account_links.create(
            {
                "account": stripe_account_id,
                "type": "account_onboarding",
                "refresh_url": url,
                "return_url": url,
            }
        ),
    )
