"""Lists: an intent's charges; for comparing books what was created when, never by Stripe's search
(it lags by minutes).
Source: https://docs.stripe.com/api/payment_intents/list"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.pages import objects, pages

Page = list[dict[str, Any]]


def intents_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the intents created in [since, until), with their charges, without their secrets.

    Raises UnreadableError where Stripe does not give the whole list.
    """
    expand = ["data.latest_charge"]
    created = _created(since, until)
    for page in pages(client().v1.payment_intents.list, account, created=created, expand=expand):
        yield [{k: v for k, v in intent.items() if k != "client_secret"} for intent in page]


def setup_intents_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the setup intents created in [since, until), without their secrets. Raises
    UnreadableError."""
    for page in pages(client().v1.setup_intents.list, account, created=_created(since, until)):
        yield [{k: v for k, v in intent.items() if k != "client_secret"} for intent in page]


def charges_of(intent_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every charge of an intent, one for each card that was tried, the last one first.

    Raises UnreadableError. Source: https://docs.stripe.com/api/charges/list
    """
    return list(objects(client().v1.charges.list, account, payment_intent=intent_id))


def refunds_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the refunds created in [since, until). Raises UnreadableError."""
    return pages(client().v1.refunds.list, account, created=_created(since, until))


def disputes_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the disputes created in [since, until). Raises UnreadableError."""
    return pages(client().v1.disputes.list, account, created=_created(since, until))


def warnings_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the early fraud warnings created in [since, until). Raises UnreadableError."""
    listed = client().v1.radar.early_fraud_warnings.list
    return pages(listed, account, created=_created(since, until))


def movements_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the balance transactions that Stripe wrote in [since, until): whatever moved the
    balance, also of a payment of long ago. Raises UnreadableError.

    Source: https://docs.stripe.com/api/balance_transactions/list
    """
    return pages(client().v1.balance_transactions.list, account, created=_created(since, until))


def _created(since: dt.datetime, until: dt.datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp()), "lt": int(until.timestamp())}


def accounts_created(since: dt.datetime, until: dt.datetime) -> Iterator[str]:
    """The ids of the accounts that were connected to ours in [since, until), however they were
    made. Raises UnreadableError. Source: https://docs.stripe.com/api/accounts/list
    """
    for account in objects(client().v1.accounts.list, created=_created(since, until)):
        yield account["id"]
