"""Lists of payment intents, for comparing books: by time of creation, never by Stripe's search
(it lags by minutes). Source: https://docs.stripe.com/api/payment_intents/list"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.objects import pages


def intents_created(
    since: dt.datetime, until: dt.datetime, account: str | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Pages of the intents created in [since, until), with their charges, without their secrets.

    Raises UnreadableError where Stripe does not give the whole list.
    """
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    options: Any = {"stripe_account": account} if account else {}

    def fetch(cursor: dict[str, Any]) -> Any:
        return client().v1.payment_intents.list(
            {"limit": 100, "created": created, "expand": ["data.latest_charge"], **cursor},  # type: ignore[arg-type]
            options,
        )

    for page in pages(fetch):
        yield [{k: v for k, v in intent.items() if k != "client_secret"} for intent in page]
