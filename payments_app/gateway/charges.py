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
from payments_app.gateway.exchange import object_call
from payments_app.gateway.misconfigured import sort_our_mistake
from payments_app.gateway.pages import pages
from payments_app.gateway.results import Answer, UnreadableError, Verdict

_SETUP_ID = "seti_"
_PAGES = 20  # of 100 intents each, at a time
LIST_GOES_ON = "list_goes_on"


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


def read_card(confirmation: dict[str, Any], account: str | None = None) -> Answer:
    """Read the card that an intent is confirmed with: `card` of the payment method, or of the
    token's `payment_method_preview`."""
    tokens, methods = client().v1.confirmation_tokens, client().v1.payment_methods
    if token := confirmation.get("confirmation_token"):
        return object_call(
            "card_retrieve",
            "confirmation_token",
            lambda: tokens.retrieve(token, options=options(account)),
        )
    method = str(confirmation.get("payment_method"))
    return object_call(
        "card_retrieve",
        "payment_method",
        lambda: methods.retrieve(method, options=options(account)),
    )


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
    after: str | None = None,
) -> Answer:
    """Find an intent whose id was lost, by its metadata, in Stripe's list by creation time.

    Stripe's search is no help: it lags by minutes. UNKNOWN says that the list could not be read;
    CANCELED without an intent says that there is none. A list that is longer than _PAGES is read
    in parts: LATER with the error LIST_GOES_ON, whose `after` is where the next part begins.
    """
    since = int(created_after.timestamp()) - 300  # Stripe's clock is not ours
    created = {"gte": since, "lte": since + 86_400 + 600}
    place = {"starting_after": after} if after else {}
    begun = after
    try:
        listed = pages(_service(setup=setup).list, account, created=created, **place)
        for number, page in enumerate(listed, 1):
            for intent in page:
                if as_object(intent.get("metadata")).get("transaction_id") == transaction_id:
                    return retrieve_intent(intent["id"], account)
            after = page[-1]["id"]
            if number == _PAGES:
                return _goes_on(after)
    except UnreadableError as error:
        if after != begun:
            return _goes_on(after)
        put_off = error.verdict in (Verdict.LATER, Verdict.MISCONFIGURED)
        verdict = error.verdict if put_off else Verdict.UNKNOWN
        return Answer("find", verdict, error=error.error)
    return Answer("find", Verdict.CANCELED)


def _goes_on(after: str | None) -> Answer:
    return Answer("find", Verdict.LATER, error={"type": LIST_GOES_ON, "after": after})


def _is_setup(intent_id: str) -> bool:
    return intent_id.startswith(_SETUP_ID)


def _service(*, setup: bool) -> Any:
    v1 = client().v1
    return v1.setup_intents if setup else v1.payment_intents


def _expand(*, setup: bool) -> list[str]:
    """Where the card's brand and last four digits are."""
    return ["payment_method"] if setup else ["latest_charge"]
