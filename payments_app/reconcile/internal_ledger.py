"""internal_ledger: journals by value: that they sum to zero, and that refunds, disputes and fees
are in them with their own amounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.gateway.balance import is_movement, stripes_fee
from payments_app.gateway.disputes import movements_of
from payments_app.gateway.results import UnreadableError
from payments_app.ledger.balance_transactions import RETURNED
from payments_app.ledger.models import (
    DISPUTES,
    REFUNDS,
    STRIPE_FEES,
    BalanceTransaction,
    Entry,
    Journal,
)
from payments_app.ledger.post import REFUND, REFUND_FAILED
from payments_app.ledger.post_dispute import DISPUTE_FEE, REINSTATED, WITHDRAWN, moved
from payments_app.ledger.post_fee import CHARGES, STRIPE_FEE
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund, RefundState
from payments_app.reconcile import internal_payments
from payments_app.reconcile.findings import Difference
from payments_app.reconcile.scope import in_scope
from payments_app.reconcile.values import money, total

_MANY = 1000  # keys in one query
_SIGNED = case((Entry.side == "debit", Entry.amount), else_=-Entry.amount)


def differences(session: Session, since: dt.datetime, until: dt.datetime) -> Iterator[Difference]:
    """All differences of the journals of the payments in scope of [since, until)."""
    yield from _unbalanced(session, in_scope(Journal.transaction_id, since, until))
    yield from _refunds(session, in_scope(Refund.transaction_id, since, until))
    yield from _of_no_refund(session, in_scope(Journal.transaction_id, since, until))
    yield from _disputes(session, in_scope(Dispute.transaction_id, since, until))
    yield from _fees(session, in_scope(BalanceTransaction.transaction_id, since, until))


def _unbalanced(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    debits, credits_ = (
        func.coalesce(func.sum(case((Entry.side == side, Entry.amount), else_=0)), 0)
        for side in ("debit", "credit")
    )
    rows = session.execute(
        select(Journal, debits, credits_)
        .outerjoin(Entry, Entry.journal_id == Journal.id)
        .where(scope)
        .group_by(Journal.id)
        .having(or_(func.count(Entry.id) == 0, debits != credits_))
    )
    for journal, debit, credit in rows:
        about = {
            "journal": journal.id,
            "debits": total(debit, journal.currency),
            "credits": total(credit, journal.currency),
        }
        yield Difference(
            "journal_unbalanced", journal.key, journal.posted_at, journal.transaction_id, about
        )


def _amount(account: str, key: Any) -> ScalarSelect[Any]:
    """What the journal of this key debits an account with, less what it credits; None where there
    is no journal."""
    return (
        select(func.sum(_SIGNED))
        .join(Journal, Journal.id == Entry.journal_id)
        .where(Journal.key == key, Entry.account == account)
        .scalar_subquery()
    )


def _refunds(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    posted = _amount(REFUNDS, literal(f"{REFUND}_") + Refund.id)
    reversed_ = _amount(REFUNDS, literal(f"{REFUND_FAILED}_") + Refund.id + "_failed")
    succeeded = Refund.state == RefundState.SUCCEEDED
    rows = session.execute(
        select(Refund, posted, reversed_).where(
            scope,
            Refund.state_at < database_now(-internal_payments.POSTED_WITHIN_SECONDS),
            or_(
                posted != Refund.amount,
                reversed_ != -Refund.amount,
                and_(succeeded, reversed_.is_not(None)),
                and_(posted.is_not(None), ~succeeded, Refund.state.not_in(NOT_REFUNDED)),
            ),
        )
    )
    for refund, amount, back in rows:
        about = {
            "refund": f"{refund.money}, {refund.state}",
            "ledger": total(amount, refund.currency),
            "ledger_took_back": total(back and -back, refund.currency),
        }
        yield Difference(
            "ledger_refund_differs", refund.id, refund.created_at, refund.transaction_id, about
        )


def _of_no_refund(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    ours = exists().where(literal(f"{REFUND}_") + Refund.id == Journal.key)
    rows = session.execute(
        select(Journal, _amount(REFUNDS, Journal.key)).where(
            scope, Journal.entry_type == REFUND, ~ours
        )
    )
    for journal, amount in rows:
        about = {"ledger": total(amount, journal.currency), "refund": "nothing"}
        yield Difference(
            "ledger_without_refund", journal.key, journal.posted_at, journal.transaction_id, about
        )


def _disputes(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    quiet = Dispute.updated_at < database_now(-internal_payments.POSTED_WITHIN_SECONDS)
    for dispute in session.scalars(select(Dispute).where(scope, quiet)):
        try:
            movements = movements_of(as_object(dispute.stripe_data))
        except UnreadableError:
            continue  # Stripe is compared with it elsewhere
        for movement in movements:
            taken = movement["amount"] < 0
            key = f"{WITHDRAWN if taken else REINSTATED}_{movement['id']}"
            amount = session.scalar(select(_amount(DISPUTES, key)))
            theirs = moved(dispute, movement)
            if amount == (theirs.amount if taken else -theirs.amount):
                continue
            about = {
                "movement": movement["id"],
                "dispute": str(theirs),
                "ledger": total(amount and abs(amount), dispute.currency),
            }
            kind = "dispute_not_in_ledger" if amount is None else "ledger_dispute_differs"
            yield Difference(kind, dispute.id, dispute.opened_at, dispute.transaction_id, about)


def _fees(session: Session, scope: ColumnElement[bool]) -> Iterator[Difference]:
    """What Stripe took by each of its balance transactions, and what is posted of it."""
    rows = session.scalars(select(BalanceTransaction).where(scope)).all()
    keys = {row.id: _fee_keys(row) for row in rows}
    posted = amounts(session, STRIPE_FEES, [key for pair in keys.values() for key in pair])
    for row in rows:
        movement = as_object(row.stripe_data)
        if not is_movement(movement):
            continue
        taken, in_ledger = stripes_fee(movement), sum(posted.get(key, 0) for key in keys[row.id])
        if in_ledger != taken:
            about = {
                "movement": row.id,
                "at_stripe": money(taken, row.currency),
                "ledger": money(in_ledger, row.currency),
            }
            yield Difference("ledger_fee_differs", row.id, row.read_at, row.transaction_id, about)


def _fee_keys(row: BalanceTransaction) -> tuple[str, str]:
    of_charge = row.type in CHARGES
    fee_type, about = (STRIPE_FEE, row.transaction_id) if of_charge else (DISPUTE_FEE, row.id)
    return f"{fee_type}_{about}", f"{fee_type}{RETURNED}_{about}"


def amounts(session: Session, account: str, keys: list[str]) -> dict[str, int]:
    """What each journal of these keys debits an account with, less what it credits, in minor
    units; without those that are not there."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), _MANY):
        rows = session.execute(
            select(Journal.key, func.sum(_SIGNED))
            .join(Entry, Entry.journal_id == Journal.id)
            .where(Journal.key.in_(keys[start : start + _MANY]), Entry.account == account)
            .group_by(Journal.key)
        )
        found |= {key: int(amount) for key, amount in rows}
    return found
