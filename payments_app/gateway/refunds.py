"""Refunds: create, retrieve, find, list. Source: https://docs.stripe.com/api/refunds"""

from __future__ import annotations

from typing import Any

from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.pages import find_named, objects
from payments_app.gateway.results import Answer

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create_refund(parameters: dict[str, Any], key: str, account: str | None = None) -> Answer:
    """Send a refund: the call that gives money back. The same key gives it back once."""
    return object_call(
        "refund_create",
        "refund",
        lambda: client().v1.refunds.create(parameters, options(account, key)),  # type: ignore[arg-type]
    )


def retrieve_refund(stripe_refund_id: str, account: str | None = None) -> Answer:
    """Read a refund as it stands at Stripe now."""
    return object_call(
        "refund_retrieve",
        "refund",
        lambda: client().v1.refunds.retrieve(stripe_refund_id, {}, options(account)),
    )


def find_refund(intent_id: str, refund_id: str, account: str | None = None) -> Answer:
    """Find the refund of an intent that carries our id. ANSWERED without a body says that Stripe
    has none."""
    found = objects(client().v1.refunds.list, account, payment_intent=intent_id)
    return find_named("refund_find", found, "refund_id", refund_id)


def refunds_of(intent_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every refund of an intent, newest first. Raises UnreadableError."""
    return list(objects(client().v1.refunds.list, account, payment_intent=intent_id))


def refunds_of_charge(charge_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every refund of a charge with its balance transaction, newest first.

    Raises UnreadableError.
    """
    wanted = {"charge": charge_id, "expand": ["data.balance_transaction"]}
    return list(objects(client().v1.refunds.list, account, **wanted))
