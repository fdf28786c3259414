"""Payment intents: create, confirm, retrieve, cancel, find.

Parameters: https://docs.stripe.com/api/payment_intents. The idempotency key is a request option,
never a parameter: https://docs.stripe.com/api/idempotent_requests
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from payments_app.gateway.calls import intent_call
from payments_app.gateway.client import client
from payments_app.gateway.errors import sort
from payments_app.gateway.exchange import plain
from payments_app.gateway.results import Answer, Verdict

_EXPAND = ["latest_charge"]
_PAGES = 20  # of 100 intents each


def create_intent(parameters: dict[str, Any], key: str, account: str | None = None) -> Answer:
    """Create an unconfirmed intent. It moves no money, so it may be repeated with its key."""
    return intent_call(
        "create",
        lambda: client().v1.payment_intents.create(
            parameters,  # type: ignore[arg-type]
            _options(account, key),
        ),
    )


def confirm_intent(
    intent_id: str, parameters: dict[str, Any], key: str, account: str | None = None
) -> Answer:
    """Confirm an intent: the one call that can move money."""
    return intent_call(
        "confirm",
        lambda: client().v1.payment_intents.confirm(
            intent_id,
            {**parameters, "expand": _EXPAND},  # type: ignore[arg-type]
            _options(account, key),
        ),
    )


def retrieve_intent(intent_id: str, account: str | None = None) -> Answer:
    """Read an intent as it stands at Stripe now."""
    return intent_call(
        "retrieve",
        lambda: client().v1.payment_intents.retrieve(
            intent_id, {"expand": _EXPAND}, _options(account)
        ),
    )


def cancel_intent(intent_id: str, account: str | None = None) -> Answer:
    """Cancel an intent: success means that no money moved, and never will by it."""
    return intent_call(
        "cancel",
        lambda: client().v1.payment_intents.cancel(
            intent_id, {"cancellation_reason": "abandoned"}, _options(account)
        ),
    )


def find_intent(
    transaction_id: str, created_after: dt.datetime, account: str | None = None
) -> Answer:
    """Find an intent whose id was lost, by its metadata, in Stripe's list by creation time.

    Stripe's search is no help: it lags by minutes. UNKNOWN says that the list could not be read;
    CANCELED without an intent says that there is none.
    """
    since = int(created_after.timestamp()) - 300  # Stripe's clock is not ours
    try:
        page = client().v1.payment_intents.list(
            {"limit": 100, "created": {"gte": since, "lte": since + 86_400 + 600}},
            _options(account),
        )
        for number, intent in enumerate(page.auto_paging_iter()):
            if (plain(intent).get("metadata") or {}).get("transaction_id") == transaction_id:
                return retrieve_intent(intent.id, account)
            if number >= _PAGES * 100:
                return Answer("find", Verdict.UNKNOWN, error={"type": "list_too_long"})
    except Exception as error:
        verdict, body = sort(error)
        return Answer("find", verdict, error=body)
    return Answer("find", Verdict.CANCELED)


def _options(account: str | None, key: str | None = None) -> Any:
    options: dict[str, str] = {}
    if key:
        options["idempotency_key"] = key
    if account:
        options["stripe_account"] = account
    return options
