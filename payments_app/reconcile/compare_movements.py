"""compare_movements: Stripe's own books, its balance transactions, against ours.

Stripe writes one whenever its balance moves, whenever the payment was: a refund that fails weeks
later is one of today, whether its event arrived or not.
Source: https://docs.stripe.com/reports/balance-transaction-types
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from payments_app.core.db.clock import utcnow
from payments_app.core.db.columns import as_object
from payments_app.core.extensions import db
from payments_app.core.money import code_of
from payments_app.gateway.balance import is_movement
from payments_app.gateway.ids import id_of
from payments_app.gateway.listing import movements_created
from payments_app.gateway.numbers import moment
from payments_app.gateway.words import known
from payments_app.ledger.models import BalanceTransaction
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund, RefundState
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.values import money

REFUNDED = frozenset({"refund", "payment_refund"})
FAILED = frozenset({"refund_failure"})


@dataclass(frozen=True)
class _Ours:
    """What we know of the sources of a page of movements, by their ids at Stripe."""

    kept: dict[str, BalanceTransaction]
    refunds: dict[str | None, tuple[Refund, str | None]]
    disputes: dict[str, tuple[Dispute, str | None]]


def differences(
    since: dt.datetime, until: dt.datetime, account: str | None
) -> Iterator[Difference]:
    """What Stripe wrote in [since, until) of a balance, and we have otherwise. What is of no
    payment, refund or dispute of ours is told of where these are compared. Raises
    UnreadableError."""
    for page in movements_created(since, until, account):
        ours = _known(page)
        for movement in page:
            created = moment(movement.get("created")) or since
            age = (utcnow() - created).total_seconds()
            if age > internal_payments.POSTED_WITHIN_SECONDS:
                yield from _compare(movement, created, ours)


def _compare(movement: dict[str, Any], created: dt.datetime, ours: _Ours) -> Iterator[Difference]:
    source, kept = id_of(movement.get("source")), ours.kept.get(movement["id"])
    if kept is not None and _values(movement) != _values(vars(kept)):
        about = {"movement": movement["id"], "at_stripe": _say(movement), "here": _say(vars(kept))}
        yield Difference("movement_differs", movement["id"], created, kept.transaction_id, about)
    if source in ours.refunds:
        yield from _compare_refund(movement, created, *ours.refunds[source])
    elif source in ours.disputes:
        dispute, intent = ours.disputes[source]
        named = as_object(dispute.stripe_data).get("balance_transactions")
        heard = {each.get("id") for each in named or () if isinstance(each, dict)}
        if movement["id"] not in heard:
            about = {"intent": intent, "at_stripe": _say(movement), "here": "nothing"}
            yield Difference("dispute_differs", source, created, dispute.transaction_id, about)


def _compare_refund(
    movement: dict[str, Any], created: dt.datetime, refund: Refund, intent: str | None
) -> Iterator[Difference]:
    """Whether the refund is in the state that this movement is of, and of its amount."""
    subject, owner = refund.stripe_refund_id or refund.id, refund.transaction_id
    if known(movement.get("type"), FAILED) and refund.state not in NOT_REFUNDED:
        about = {"intent": intent, "at_stripe": "failed", "here": refund.state}
        yield Difference("refund_differs", subject, created, owner, about)
    given_back = (
        known(movement.get("type"), REFUNDED) is not None and refund.state == RefundState.SUCCEEDED
    )
    same = code_of(movement.get("currency")) == refund.currency
    if given_back and same and movement.get("amount") != -refund.amount:
        about = {"intent": intent, "at_stripe": _say(movement), "here": str(refund.money)}
        yield Difference("refund_amount_differs", subject, created, owner, about)


def _values(of: dict[str, Any]) -> tuple[Any, ...]:
    return *(of.get(name) for name in ("amount", "fee", "net")), code_of(of.get("currency"))


def _say(of: dict[str, Any]) -> str:
    if not is_movement(of):
        return "unreadable"
    amount, fee = money(of["amount"], of["currency"]), money(of["fee"], of["currency"])
    return f"{amount} less {fee}"


def _known(page: list[dict[str, Any]]) -> _Ours:
    ids = [movement["id"] for movement in page]
    sources = {id_of(movement.get("source")) for movement in page} - {None}
    fresh = {"populate_existing": True}
    kept = db.session.scalars(
        select(BalanceTransaction).where(BalanceTransaction.id.in_(ids)), execution_options=fresh
    )
    refunds = db.session.execute(
        select(Refund, Transaction.stripe_payment_id)
        .join(Transaction, Transaction.id == Refund.transaction_id)
        .where(Refund.stripe_refund_id.in_(sources)),
        execution_options=fresh,
    )
    disputes = db.session.execute(
        select(Dispute, Transaction.stripe_payment_id)
        .join(Transaction, Transaction.id == Dispute.transaction_id)
        .where(Dispute.stripe_dispute_id.in_(sources)),
        execution_options=fresh,
    )
    found = _Ours(
        {row.id: row for row in kept},
        {row.stripe_refund_id: (row, intent) for row, intent in refunds},
        {row.stripe_dispute_id: (row, intent) for row, intent in disputes},
    )
    db.session.commit()  # no connection is held while Stripe is read
    return found
