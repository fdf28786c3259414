"""lines: put each movement of money into one batch, once.

The line's key is that of its journal in the ledger, so that the two can be held against each other
line by line. A movement that comes after its day was closed goes into the next open one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from payments_app.core import outbox
from payments_app.core.clock import database_now
from payments_app.core.database import atomic, insert_once
from payments_app.core.ids import new_id
from payments_app.core.money import Money
from payments_app.core.outbox import Claim
from payments_app.ledger.models import STRIPE_BALANCE, Entry, Journal
from payments_app.ledger.post import CAPTURE
from payments_app.merchants.models import Merchant
from payments_app.payments.disputes import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.payee import merchant_of
from payments_app.payments.refunds import Refund
from payments_app.settlement.days import business_day, closes_at, opens_at
from payments_app.settlement.models import Batch, Line

CLOSE = "settlement.close"
GRACE_SECONDS = 15 * 60  # for what was paid a moment before the cut-off and is settled after it
LEDGER_SECONDS = 30  # by then the ledger has posted what followed the same event
MOVED = func.sum(case((Entry.side == "debit", Entry.amount), else_=-Entry.amount))


@dataclass(frozen=True)
class Movement:
    """Money that came (or went, where the amount is negative) by a transaction."""

    key: str
    kind: str
    transaction_id: str
    money: Money
    occurred_at: dt.datetime


@atomic
def settle_capture(session: Session, transaction_id: str, _claim: Claim) -> None:
    """The command that follows a completed payment; a payment of nothing has no line.

    Raises LookupError for a transaction that is not complete.
    """
    transaction = session.get_one(Transaction, transaction_id, populate_existing=True)
    if transaction.state != "complete" or transaction.ended_at is None:
        raise LookupError(f"{transaction_id} is {transaction.phase}: nothing to settle")
    if transaction.amount:
        key, money = f"{CAPTURE}_{transaction_id}", transaction.money
        add(session, Movement(key, CAPTURE, transaction_id, money, transaction.ended_at))


@atomic
def settle_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """The command that follows a refund's end, LEDGER_SECONDS later."""
    settle_journals(session, session.get_one(Refund, refund_id).transaction_id)


@atomic
def settle_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """The command that follows a dispute's change, LEDGER_SECONDS later."""
    settle_journals(session, session.get_one(Dispute, dispute_id).transaction_id)


def settle_journals(session: Session, transaction_id: str) -> None:
    """A line for each journal of a transaction that moved our balance and has none yet, but the
    capture's: that one is the payment's own."""
    rows = session.execute(
        select(Journal.key, Journal.entry_type, Journal.currency, Journal.posted_at, MOVED)
        .join(Entry, Entry.journal_id == Journal.id)
        .where(Journal.transaction_id == transaction_id, Journal.entry_type != CAPTURE)
        .where(Entry.account == STRIPE_BALANCE)
        .where(Journal.key.not_in(select(Line.key).where(Line.transaction_id == transaction_id)))
        .group_by(Journal.id)
        .order_by(Journal.id)
    ).all()
    for key, kind, currency, posted_at, moved in rows:
        if moved:
            add(
                session, Movement(key, kind, transaction_id, Money(int(moved), currency), posted_at)
            )


def add(session: Session, movement: Movement) -> bool:
    """Put a movement into its day's batch, or the next open one, in the caller's transaction;
    False where it has its line already."""
    if session.scalar(select(Line.id).where(Line.key == movement.key)) is not None:
        return False
    batch = _open_batch(session, movement)
    return insert_once(
        session,
        Line,
        key=movement.key,
        batch_id=batch.id,
        kind=movement.kind,
        transaction_id=movement.transaction_id,
        amount=movement.money.amount,
        currency=movement.money.currency,
        occurred_at=movement.occurred_at,
    )


def _open_batch(session: Session, movement: Movement) -> Batch:
    """The batch of the movement's day, kept open; where it is closed, of the day that it is now (or
    the first after that which is open)."""
    merchant = session.get_one(Merchant, merchant_of(session, movement.transaction_id))
    zone = ZoneInfo(merchant.timezone)
    day = business_day(movement.occurred_at, zone, merchant.cutoff)
    batch = _batch(session, merchant, zone, day, movement.money.currency)
    if batch.closed_at is not None:
        now = session.execute(select(database_now())).scalar_one()
        day = max(day, business_day(now, zone, merchant.cutoff))
    while batch.closed_at is not None:
        batch = _batch(session, merchant, zone, day, movement.money.currency)
        day += dt.timedelta(days=1)
    return batch


def _batch(
    session: Session, merchant: Merchant, zone: ZoneInfo, day: dt.date, currency: str
) -> Batch:
    """The batch of this day, as it is until the caller commits; made on first sight, with the
    message that will close it."""
    batch_id, end = new_id("stl"), closes_at(day, zone, merchant.cutoff)
    fresh = insert_once(
        session,
        Batch,
        id=batch_id,
        merchant_id=merchant.id,
        business_day=day,
        currency=currency,
        timezone=merchant.timezone,
        opens_at=opens_at(day, zone, merchant.cutoff),
        closes_at=end,
    )
    if fresh:
        now = session.execute(select(database_now())).scalar_one()
        delay = max(0.0, (end - now).total_seconds()) + GRACE_SECONDS
        outbox.stage(session, CLOSE, batch_id, delay=delay)
    named = select(Batch.id).where(
        Batch.merchant_id == merchant.id, Batch.business_day == day, Batch.currency == currency
    )
    # A shared lock: lines are added side by side, and no batch is closed meanwhile.
    return session.get_one(
        Batch,
        session.scalars(named).one(),
        with_for_update={"read": True},
        populate_existing=True,
    )
