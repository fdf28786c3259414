"""Connect: merchants' accounts, the links that onboard them, and what a sale left on both sides.

Sources: https://docs.stripe.com/api/accounts, https://docs.stripe.com/api/account_links,
https://docs.stripe.com/connect/charges
"""

from __future__ import annotations

from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.client import client
from payments_app.gateway.objects import Reply, UnreadableError, object_call, pages

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
) -> Reply:
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
        lambda: client().v1.accounts.create(parameters, {"idempotency_key": key}),  # type: ignore[arg-type]
    )


def find_account(merchant_id: str) -> Reply:
    """Find the account that carries our id in its metadata. Neither a body nor trouble says that
    Stripe has none."""
    try:
        for page in pages(lambda cursor: client().v1.accounts.list({"limit": 100, **cursor})):  # type: ignore[arg-type]
            for account in page:
                if as_object(account.get("metadata")).get("merchant_id") == merchant_id:
                    return Reply("account_find", body=account)
    except UnreadableError as error:
        return Reply("account_find", trouble=error.verdict, error={"type": str(error)})
    return Reply("account_find")


def retrieve_account(stripe_account_id: str) -> Reply:
    """Read a connected account as it stands at Stripe now."""
    return object_call(
        "account_retrieve", "account", lambda: client().v1.accounts.retrieve(stripe_account_id)
    )


def create_link(stripe_account_id: str, url: str) -> Reply:
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


def retrieve_charge(charge_id: str, account: str | None = None) -> Reply:
    """Read a charge with its balance transaction."""
    return object_call(
        "charge_retrieve",
        "charge",
        lambda: client().v1.charges.retrieve(
            charge_id, {"expand": ["balance_transaction"]}, _on(account)
        ),
    )


def retrieve_transfer(transfer_id: str) -> Reply:
    """Read a transfer of ours."""
    return object_call(
        "transfer_retrieve", "transfer", lambda: client().v1.transfers.retrieve(transfer_id)
    )


def retrieve_fee(fee_id: str) -> Reply:
    """Read an application fee that we took."""
    return object_call(
        "fee_retrieve", "application_fee", lambda: client().v1.application_fees.retrieve(fee_id)
    )


def reversals_of(transfer_id: str) -> list[dict[str, Any]]:
    """Every reversal of a transfer, newest first. Raises UnreadableError."""
    service = client().v1.transfers.reversals
    return _all(lambda cursor: service.list(transfer_id, {"limit": 100, **cursor}))  # type: ignore[arg-type]


def fee_refunds_of(fee_id: str) -> list[dict[str, Any]]:
    """All that was given back of an application fee, newest first. Raises UnreadableError."""
    service = client().v1.application_fees.refunds
    return _all(lambda cursor: service.list(fee_id, {"limit": 100, **cursor}))  # type: ignore[arg-type]


def refunds_of_charge(charge_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every refund of a charge with its balance transaction, newest first.

    Raises UnreadableError.
    """
    wanted: dict[str, Any] = {
        "charge": charge_id,
        "limit": 100,
        "expand": ["data.balance_transaction"],
    }
    service = client().v1.refunds
    return _all(lambda cursor: service.list({**wanted, **cursor}, _on(account)))  # type: ignore[arg-type]


def _all(fetch: Any) -> list[dict[str, Any]]:
    return [each for page in pages(fetch) for each in page]


def _on(account: str | None) -> Any:
    return {"stripe_account": account} if account else {}
