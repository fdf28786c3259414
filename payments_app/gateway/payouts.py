"""Payouts: retrieve, list, and what is in an automatic one.

Sources: https://docs.stripe.com/api/payouts, https://docs.stripe.com/payouts/reconciliation
(of a manual payout Stripe does not say which balance transactions it is made of)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.exchange import object_call
from payments_app.gateway.ids import id_of
from payments_app.gateway.pages import objects, pages
from payments_app.gateway.results import Answer
from payments_app.gateway.words import known

# Balance transactions that are the payout itself, or its coming back.
ITSELF = frozenset({"payout", "payout_cancel", "payout_failure"})


def retrieve_payout(payout_id: str) -> Answer:
    """Read a payout of ours as it stands at Stripe now."""
    return object_call(
        "payout_retrieve", "payout", lambda: client().v1.payouts.retrieve(payout_id, {})
    )


def payouts_created(since: dt.datetime, until: dt.datetime) -> Iterator[list[dict[str, Any]]]:
    """Pages of our payouts created in [since, until). Raises UnreadableError."""
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    return pages(client().v1.payouts.list, created=created)


def movements_in(payout_id: str) -> Iterator[dict[str, Any]]:
    """Every balance transaction that an automatic payout is made of, without its own. Raises
    UnreadableError."""
    for movement in objects(client().v1.balance_transactions.list, payout=payout_id):
        if (
            known(movement.get("type"), ITSELF) is None
            or id_of(movement.get("source")) != payout_id
        ):
            yield movement
