"""Transfers to merchants' accounts, and the application fees that we took from them.

Sources: https://docs.stripe.com/api/transfers, https://docs.stripe.com/api/application_fees
"""

from __future__ import annotations

from functools import partial
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.exchange import object_call
from payments_app.gateway.pages import objects
from payments_app.gateway.results import Answer


def retrieve_transfer(transfer_id: str) -> Answer:
    """Read a transfer of ours."""
    return object_call(
        "transfer_retrieve", "transfer", lambda: client().v1.transfers.retrieve(transfer_id)
    )


def reversals_of(transfer_id: str) -> list[dict[str, Any]]:
    """Every reversal of a transfer, newest first. Raises UnreadableError."""
    return list(objects(partial(client().v1.transfers.reversals.list, transfer_id)))


def retrieve_fee(fee_id: str) -> Answer:
    """Read an application fee that we took."""
    return object_call(
        "fee_retrieve", "application_fee", lambda: client().v1.application_fees.retrieve(fee_id)
    )


def fee_refunds_of(fee_id: str) -> list[dict[str, Any]]:
    """All that was given back of an application fee, newest first. Raises UnreadableError."""
    return list(objects(partial(client().v1.application_fees.refunds.list, fee_id)))
