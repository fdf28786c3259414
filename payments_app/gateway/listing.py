"""Lists for comparing books: by time of creation, never by Stripe's search (it lags by minutes).
Source: https://docs.stripe.com/api/payment_intents/list"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.objects import pages

Page = list[dict[str, Any]]


def intents_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the intents created in [since, until), with their charges, without their secrets.

    Raises UnreadableError where Stripe does not give the whole list.
    """
    for page in _created(
        client().v1.payment_intents, since, until, account, expand=["data.latest_charge"]
    ):
        yield [{k: v for k, v in intent.items() if k != "client_secret"} for intent in page]


def refunds_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the refunds created in [since, until). Raises UnreadableError."""
    return _created(client().v1.refunds, since, until, account)


def disputes_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[Page]:
    """Pages of the disputes created in [since, until). Raises UnreadableError."""
    return _created(client().v1.disputes, since, until, account)


def _created(
    service: Any, since: dt.datetime, until: dt.datetime, account: str | None, **more: Any
) -> Iterator[Page]:
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    options = {"stripe_account": account} if account else {}
    return pages(
        lambda cursor: service.list({"limit": 100, "created": created, **more, **cursor}, options)
    )
