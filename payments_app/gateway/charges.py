"""Intents: create, confirm, retrieve, cancel, find.

A payment intent takes money. A setup intent takes none: it keeps a card for later, with the bank's
leave. They are called alike, and told apart by their ids.
Parameters: https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/api/setup_intents.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.calls import intent_call
from payments_app.gateway.client import client, options
from payments_app.gateway.errors import sort
from payments_app.gateway.exchange import plain
from payments_app.gateway.ids import id_of
from payments_app.gateway.misconfigured import sort_our_mistake
from payments_app.gateway.results import Answer, Verdict

_SETUP_ID = "seti_"
_PAGES = 20  # of 100 intents each


def create_intent(parameters: dict[str, Any], key: str, account: str | None = None) -> Answer:
    """Create an unconfirmed intent: to take money, or with no amount to keep a card. It moves no
    money, so it may be repeated with its key."""
    setup = "amount" not in parameters
    answer = intent_call(
        "create",
        lambda: _service(setup=setup).create(parameters, options(account, key)),
        setup=setup,
    )
    return sort_our_mistake(answer)


def confirm_intent(
    intent_id: str, parameters: dict[str, Any], key: str, account: str | None = None
) -> Answer:
    """Confirm an intent: the one call that can move money."""
    setup = _is_setup(intent_id)
    answer = intent_call(
        "confirm",
        lambda: _service(setup=setup).confirm(
            intent_id, {**parameters, "expand": _expand(setup=setup)}, options(account, key)
        ),
        setup=setup,
    )
    return sort_our_mistake(answer)


def retrieve_intent(intent_id: str, account: str | None = None) -> Answer:
    """Read an intent as it stands at Stripe now."""
    setup = _is_setup(intent_id)
    return intent_call(
        "retrieve",
        lambda: _service(setup=setup).retrieve(
            intent_id, {"expand": _expand(setup=setup)}, options(account)
        ),
        setup=setup,
    )


def cancel_intent(intent_id: str, account: str | None = None) -> Answer:
    """Cancel an intent: success means that no money moved, and never will by it."""
    setup = _is_setup(intent_id)
    return intent_call(
        "cancel",
        lambda: _service(setup=setup).cancel(
            intent_id, {"cancellation_reason": "abandoned"}, options(account)
        ),
        setup=setup,
    )


def find_intent(
    transaction_id: str,
    created_after: dt.datetime,
    account: str | None = None,
    *,
    setup: bool = False,
) -> Answer:
    """Find an intent whose id was lost, by its metadata, in Stripe's list by creation time.

    Stripe's search is no help: it lags by minutes. UNKNOWN says that the list could not be read;
    CANCELED without an intent says that there is none.
    """
    since = int(created_after.timestamp()) - 300  # Stripe's clock is not ours
    try:
        page = _service(setup=setup).list(
            {"limit": 100, "created": {"gte": since, "lte": since + 86_400 + 600}},
            options(account),
        )
        for number, intent in enumerate(page.auto_paging_iter()):
            if as_object(plain(intent).get("metadata")).get("transaction_id") == transaction_id:
                found = id_of(plain(intent))
                if found is None:
                    return Answer("find", Verdict.UNKNOWN, error={"type": "intent_without_id"})
                return retrieve_intent(found, account)
            if number >= _PAGES * 100:
                return Answer("find", Verdict.UNKNOWN, error={"type": "list_too_long"})
    except Exception as error:
        verdict, body = sort(error)
        return Answer("find", verdict, error=body)
    return Answer("find", Verdict.CANCELED)


def _is_setup(intent_id: str) -> bool:
    return intent_id.startswith(_SETUP_ID)


def _service(*, setup: bool) -> Any:
    v1 = client().v1
    return v1.setup_intents if setup else v1.payment_intents


def _expand(*, setup: bool) -> list[str]:
    """Where the card's brand and last four digits are."""
    return ["payment_method"] if setup else ["latest_charge"]
