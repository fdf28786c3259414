"""Disputes: retrieve, answer, list. Source: https://docs.stripe.com/api/disputes"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.balance import is_movement
from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.numbers import MOST_BIGINT, whole
from payments_app.gateway.pages import objects
from payments_app.gateway.results import Answer, UnreadableError, Verdict


def retrieve_dispute(stripe_dispute_id: str, account: str | None = None) -> Answer:
    """Read a dispute as it stands at Stripe now."""
    return object_call(
        "dispute_retrieve",
        "dispute",
        lambda: client().v1.disputes.retrieve(stripe_dispute_id, {}, options(account)),
    )


def update_dispute(
    stripe_dispute_id: str,
    evidence: Mapping[str, str],
    *,
    submit: bool,
    key: str,
    account: str | None = None,
) -> Answer:
    """Keep evidence with a dispute, or `submit` it to the bank: that can't be taken back, and is
    what Stripe does where nothing is said, so it is always said. An empty text takes a field out.

    Source: https://docs.stripe.com/api/disputes/update
    """
    parameters: Any = {"evidence": dict(sorted(evidence.items())), "submit": submit}
    return object_call(
        "dispute_submit" if submit else "dispute_draft",
        "dispute",
        lambda: client().v1.disputes.update(stripe_dispute_id, parameters, options(account, key)),
    )


def close_dispute(stripe_dispute_id: str, *, key: str, account: str | None = None) -> Answer:
    """Give a dispute up: it is lost, and that can't be taken back.

    Source: https://docs.stripe.com/api/disputes/close
    """
    return object_call(
        "dispute_close",
        "dispute",
        lambda: client().v1.disputes.close(stripe_dispute_id, {}, options(account, key)),
    )


def submission_count(dispute: Mapping[str, Any]) -> int:
    """How often evidence was submitted to the bank, as a dispute of Stripe's says."""
    details = as_object(dispute.get("evidence_details"))
    return whole(details.get("submission_count"), 0, MOST_BIGINT) or 0


def retrieve_warning(warning_id: str, account: str | None = None) -> Answer:
    """Read an early fraud warning as it stands at Stripe now.

    Source: https://docs.stripe.com/api/radar/early_fraud_warnings
    """
    return object_call(
        "fraud_warning_retrieve",
        "radar.early_fraud_warning",
        lambda: client().v1.radar.early_fraud_warnings.retrieve(warning_id, {}, options(account)),
    )


def warnings_of(intent_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every early fraud warning of an intent. Raises UnreadableError.

    Source: https://docs.stripe.com/api/radar/early_fraud_warnings/list
    """
    found = client().v1.radar.early_fraud_warnings.list
    return list(objects(found, account, payment_intent=intent_id))


def disputes_of(intent_id: str, account: str | None = None) -> list[dict[str, Any]]:
    """Every dispute of an intent, newest first. Raises UnreadableError."""
    return list(objects(client().v1.disputes.list, account, payment_intent=intent_id))


def movements_of(dispute: dict[str, Any]) -> list[dict[str, Any]]:
    """The balance transactions that a dispute names. Raises UnreadableError where one of them has
    no id, or can't be posted: what it did to the balance is not known."""
    movements = dispute.get("balance_transactions") or []
    readable = isinstance(movements, list) and all(map(is_movement, movements))
    if not readable:
        raise UnreadableError(Verdict.UNKNOWN, {"code": "balance_transaction_unreadable"})
    return movements
