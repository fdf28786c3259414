"""rows: our own payments that are held against Stripe's intents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import or_, select

from payments_app.core.extensions import db
from payments_app.payments.connect.account import DIRECT_ACCOUNT
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.reconcile.classify import Ours, named_transaction

_COLUMNS = (
    Transaction.id,
    Transaction.phase,
    Transaction.amount,
    Transaction.paid,
    Transaction.currency,
    Transaction.stripe_payment_id,
    Transaction.created_at,
)


def match(intent: dict[str, Any], rows: list[Ours]) -> Ours | None:
    """The one whose intent it is, else the one that it names."""
    named = named_transaction(intent)
    by_id = next((row for row in rows if row.stripe_payment_id == intent["id"]), None)
    return by_id or next((row for row in rows if row.id == named), None)


def rows_of(page: list[dict[str, Any]]) -> list[Ours]:
    """Those of a page of Stripe's intents, by their ids or the names in them."""
    names = map(named_transaction, page)
    rows = db.session.execute(
        select(*_COLUMNS).where(
            or_(
                Transaction.stripe_payment_id.in_([intent["id"] for intent in page]),
                Transaction.id.in_([name for name in names if name]),
            )
        )
    ).all()
    db.session.commit()  # no connection is held while Stripe is read
    return [Ours(*row) for row in rows]


def complete(since: dt.datetime, until: dt.datetime) -> dict[str | None, list[Ours]]:
    """Those begun in [since, until) that are complete, by the account that they were made on; None:
    our own."""
    rows = db.session.execute(
        select(*_COLUMNS, DIRECT_ACCOUNT).where(
            Transaction.created_at >= since,
            Transaction.created_at < until,
            Transaction.state == State.COMPLETE,
            Transaction.amount > 0,
        )
    ).all()
    db.session.commit()
    complete: dict[str | None, list[Ours]] = {}
    for row in rows:
        complete.setdefault(row[-1], []).append(Ours(*row[:-1]))
    return complete
