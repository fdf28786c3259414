"""compare_returns: the refunds and disputes that Stripe has, and ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.gateway.listing import disputes_created, refunds_created
from payments_app.payments.dispute_refresh import funds_of
from payments_app.payments.disputes import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.received import is_release
from payments_app.payments.refunds import Refund
from payments_app.reconcile import own_books
from payments_app.reconcile.findings import Difference


def differences(
    since: dt.datetime, until: dt.datetime, account: str | None
) -> Iterator[Difference]:
    """What differs among the refunds and disputes made at Stripe in [since, until).

    What is new there is on its way to us, and what is about no payment of ours is not ours to
    keep. Raises UnreadableError.
    """
    for page in refunds_created(since, until, account):
        yield from _compare("refund_differs", page, _refund_states(page))
    for page in disputes_created(since, until, account):
        yield from _compare("dispute_differs", page, _dispute_states(page))


def _compare(kind: str, page: list[dict[str, Any]], ours: dict[str, str]) -> Iterator[Difference]:
    owners = _owners(page)
    for body in page:
        owner, amount, paid = owners.get(body["payment_intent"], (None, 0, 0))
        created = dt.datetime.fromtimestamp(body["created"], dt.UTC)
        age = dt.datetime.now(dt.UTC) - created
        if owner is None or age.total_seconds() <= own_books.GRACE_SECONDS:
            continue
        state, theirs = ours.get(body["id"]), _state(body)
        if state is None and is_release(body, amount, paid):
            continue
        if state != theirs:
            details = {"at_stripe": theirs, "here": state, "intent": body["payment_intent"]}
            yield Difference(kind, body["id"], created, owner, details)


def _state(body: dict[str, Any]) -> str:
    status: str = body["status"]
    return f"{status}, {funds_of(body)}" if body["object"] == "dispute" else status


def _refund_states(page: list[dict[str, Any]]) -> dict[str, str]:
    ids = [body["id"] for body in page]
    rows = db.session.execute(
        select(Refund.stripe_refund_id, Refund.state).where(Refund.stripe_refund_id.in_(ids))
    ).all()
    db.session.commit()  # no connection is held while Stripe is read
    return {row[0] or "": row[1] for row in rows}


def _dispute_states(page: list[dict[str, Any]]) -> dict[str, str]:
    ids = [body["id"] for body in page]
    rows = db.session.execute(
        select(Dispute.stripe_dispute_id, Dispute.state, Dispute.funds).where(
            Dispute.stripe_dispute_id.in_(ids)
        )
    ).all()
    db.session.commit()
    return {row[0]: f"{row[1]}, {row[2]}" for row in rows}


def _owners(page: list[dict[str, Any]]) -> dict[str, tuple[str, int, int]]:
    """Our payments by their intents: id, what was asked for, what was paid."""
    intents = [body["payment_intent"] for body in page if body["payment_intent"]]
    rows = db.session.execute(
        select(
            Transaction.stripe_payment_id, Transaction.id, Transaction.amount, Transaction.paid
        ).where(Transaction.stripe_payment_id.in_(intents))
    ).all()
    db.session.commit()
    return {row[0] or "": (row[1], row[2], row[3]) for row in rows}
