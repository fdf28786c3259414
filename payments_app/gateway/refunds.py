"""Refunds: create, retrieve, list. Source: https://docs.stripe.com/api/refunds"""

from __future__ import annotations

from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.client import client
from payments_app.gateway.objects import Reply, UnreadableError, object_call, pages

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create_refund(parameters: dict[str, Any], key: str, account: str | None = None) -> Reply:
    """Send a refund: the call that gives money back. The same key gives it back once."""
    return object_call(
        "refund_create",
        "refund",
        lambda: client().v1.refunds.create(
            parameters,  # type: ignore[arg-type]
            _options(account, key),
        ),
    )


def retrieve_refund(stripe_refund_id: str, account: str | None = None) -> Reply:
    """Read a refund as it stands at Stripe now."""
    return object_call(
        "refund_retrieve",
        "refund",
        lambda: client().v1.refunds.retrieve(stripe_refund_id, {}, _options(account)),
    )


def refunds_of(intent_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every refund of an intent, newest first. Raises UnreadableError."""

    def fetch(cursor: dict[str, Any]) -> Any:
        return client().v1.refunds.list(
            {"payment_intent": intent_id, "limit": 100, **cursor},  # type: ignore[arg-type]
            _options(account),
        )

    return [refund for page in pages(fetch) for refund in page]


def find_refund(intent_id: str, refund_id: str, account: str | None = None) -> Reply:
    """Find the refund that carries our id in its metadata. Neither a body nor trouble says that
    Stripe has none."""
    try:
        found = refunds_of(intent_id, account)
    except UnreadableError as error:
        return Reply("refund_find", trouble=error.verdict, error={"type": str(error)})
    mine = (r for r in found if as_object(r.get("metadata")).get("refund_id") == refund_id)
    return Reply("refund_find", body=next(mine, None))


def _options(account: str | None, key: str | None = None) -> Any:
    options = {"idempotency_key": key, "stripe_account": account}
    return {name: value for name, value in options.items() if value}
