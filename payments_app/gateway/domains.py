"""Payment method domains: where Stripe's fields may show wallets. Of direct charges the merchant's
account needs them as well. Source: https://docs.stripe.com/payments/payment-methods/pmd-registration
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.pages import objects
from payments_app.gateway.results import Answer

_KIND = "payment_method_domain"
_WALLETS = ("apple_pay", "google_pay", "link")


@dataclass(frozen=True)
class Domain:
    """A domain as it is at Stripe; `inactive` are the wallets that it may not show."""

    id: str
    enabled: bool
    inactive: tuple[str, ...]


def find_domain(name: str, account: str | None = None) -> Domain | None:
    """The domain of this name on a merchant's account, or ours. Raises UnreadableError."""
    listed = objects(client().v1.payment_method_domains.list, account, domain_name=name)
    return next((_domain(each) for each in listed), None)


def register_domain(name: str, account: str | None = None) -> Answer:
    """Make a domain known to Stripe."""
    return object_call(
        "domain_create",
        _KIND,
        lambda: client().v1.payment_method_domains.create({"domain_name": name}, options(account)),
    )


def enable_domain(domain_id: str, account: str | None = None) -> Answer:
    """Let wallets be shown there again."""
    return object_call(
        "domain_enable",
        _KIND,
        lambda: client().v1.payment_method_domains.update(
            domain_id, {"enabled": True}, options(account)
        ),
    )


def _domain(body: dict[str, Any]) -> Domain:
    inactive = [name for name in _WALLETS if as_object(body.get(name)).get("status") != "active"]
    return Domain(str(body["id"]), body.get("enabled") is True, tuple(inactive))
