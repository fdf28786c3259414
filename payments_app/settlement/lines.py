"""lines: put each movement of money into one batch, once.

A line is made of ledger journals, each in one line only, so that the two can be held against each
other. A movement that comes after its day was closed goes into the next open one.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.ledger.post import CAPTURE
from payments_app.ledger.post_connect import FEE, TRANSFER
from payments_app.ledger.post_fee import charge_kept
from payments_app.merchants.models import Merchant
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.connect.payee import merchant_of
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.settlement.days import business_day, closes_at, opens_at
from payments_app.settlement.models import Batch, Line, Part
from payments_app.settlement.movements import Movement, Posting, postings, unsettled

CLOSE = "settlement.close"
GRACE_SECONDS = 15 * 60  # for what was paid a moment before the cut-off and is settled after it
LEDGER_SECONDS = 30  # by then the ledger has posted what followed the same event
FEE_GRACE_SECONDS = (
    60  # after that a payment's line is made without the fees that are not known yet
)


@atomic
def settle_capture(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a completed payment, FEE_GRACE_SECONDS later; a payment of nothing
    has no line.

    Raises LookupError for a transaction that is not complete, Later for one that the ledger does
    not have yet.
    """
    transaction = _complete(session, transaction_id)
    if not settle(session, transaction) and transaction.paid:
        keys = {posting.key for posting in postings(session, transaction_id)}
        if f"{CAPTURE}_{transaction_id}" not in keys:
            raise Later(LEDGER_SECONDS, f"{transaction_id} is not in the ledger yet")


@atomic
def settle_posted(session: Session, transaction_id: str, _claim: Claim) -> None:
    """Runs after a posting beside the capture: a line for what the ledger has and no
    line does; none while the fees of the payment itself are still to come."""
    transaction = _complete(session, transaction_id)
    if _has_its_fees(session, transaction):
        settle(session, transaction)


@atomic
def settle_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Runs after a refund's end, LEDGER_SECONDS later."""
    owner = session.get_one(Refund, refund_id).transaction_id
    settle(session, states.lock(session, owner))


@atomic
def settle_dispute(session: Session, dispute_id: str, _claim: Claim) -> None:
    """Runs after a dispute's change, LEDGER_SECONDS later."""
    owner = session.get_one(Dispute, dispute_id).transaction_id
    settle(session, states.lock(session, owner))


def settle_missing(transaction_id: str, _claim: Claim) -> None:
    """The command of a fix: lines for all that the ledger has and no line does."""
    settle_transaction(transaction_id)


@atomic
def settle_transaction(session: Session, transaction_id: str) -> int:
    """`settle`, as a database transaction of its own."""
    return settle(session, states.lock(session, transaction_id))


def settle(session: Session, transaction: Transaction) -> int:
    """A line for each movement of a locked transaction that the ledger has and no line does, in
    the caller's database transaction. Returns how many lines were added."""
    taken = set(session.scalars(select(Line.key).where(Line.transaction_id == transaction.id)))
    added = 0
    for movement in unsettled(postings(session, transaction.id)):
        if movement.open[0].key in taken:  # a line from before its journals were noted
            line_key = movement.open[0].key
        else:
            line_key = movement.open[0].key if movement.head.key in taken else movement.head.key
            _add(session, transaction, movement, line_key)
            added += 1
        _note_parts(session, line_key, movement.open)
        taken.add(line_key)
    return added


def _add(session: Session, transaction: Transaction, movement: Movement, key: str) -> None:
    """Put a movement into its day's batch, or the next open one. A payment counts when it was
    paid, all else when it was posted."""
    named = movement.head if key == movement.head.key else movement.open[0]
    paid_at = transaction.ended_at if named.entry_type == CAPTURE else None
    occurred_at = paid_at or movement.open[0].posted_at
    batch = _open_batch(session, transaction.id, occurred_at, movement.head.currency)
    session.add(
        Line(
            key=key,
            batch_id=batch.id,
            kind=named.entry_type,
            transaction_id=transaction.id,
            amount=movement.sum(),
            stripe_fee=movement.sum("stripe_fee"),
            platform_fee=movement.sum("platform_fee"),
            currency=movement.head.currency,
            occurred_at=occurred_at,
        )
    )
    session.flush()


def _note_parts(session: Session, line_key: str, parts: list[Posting]) -> None:
    line_id = session.scalars(select(Line.id).where(Line.key == line_key)).one()
    session.add_all(Part(journal_id=part.journal_id, line_id=line_id) for part in parts)
    session.flush()


def _complete(session: Session, transaction_id: str) -> Transaction:
    transaction = states.lock(session, transaction_id)
    if transaction.state != "complete" or transaction.ended_at is None:
        raise LookupError(f"{transaction_id} is {transaction.phase}: nothing to settle")
    return transaction


def _has_its_fees(session: Session, transaction: Transaction) -> bool:
    """Whether all that a payment's own line is made of is posted, or is settled already."""
    found = postings(session, transaction.id)
    keys = {posting.key for posting in found}
    if f"{CAPTURE}_{transaction.id}" not in keys:
        return False
    if any(posting.settled for posting in found):
        return True
    if transaction.connected_account_id is None:
        return charge_kept(session, transaction.id)
    shares = (TRANSFER, FEE) if transaction.platform_fee else (TRANSFER,)
    if any(f"{share}_{transaction.id}" not in keys for share in shares):
        return False
    return account_of(transaction) is None or charge_kept(session, transaction.id)


def _open_batch(
    session: Session, transaction_id: str, occurred_at: dt.datetime, currency: str
) -> Batch:
    """The batch of the movement's day, kept open; where it is closed, of the day that it is now (or
    the first after that which is open)."""
    merchant = session.get_one(Merchant, merchant_of(session, transaction_id))
    zone = ZoneInfo(merchant.timezone)
    day = business_day(occurred_at, zone, merchant.cutoff)
    batch = _batch(session, merchant, zone, day, currency)
    if batch.closed_at is not None:
        now = session.execute(select(database_now())).scalar_one()
        day = max(day, business_day(now, zone, merchant.cutoff))
    while batch.closed_at is not None:
        batch = _batch(session, merchant, zone, day, currency)
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
