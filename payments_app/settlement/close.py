"""close: end a business day: nothing is missing in it, and its total is the ledger's."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later, Policy
from payments_app.ledger.models import Entry, Journal
from payments_app.payments.connect.payee import MERCHANT
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.settlement.lines import settle_transaction
from payments_app.settlement.models import Batch, Line, Part
from payments_app.settlement.movements import MOVED, moved_of_lines
from payments_app.settlement.open_batch import CLOSE_AFTER_SECONDS

# The ledger may be late: five retries over four hours, then a person.
POLICY = Policy((60, 300, 1800, 3600, 2 * 3600))


class LedgerDisagreesError(Exception):
    """The batch's lines and the ledger's journals of which they are made differ."""


def close_batch(batch_id: str, _claim: Claim) -> None:
    """The command: close a batch CLOSE_AFTER_SECONDS after its cut-off, once, with a line for all
    that the ledger has of its day.

    Raises Later before that, and LedgerDisagreesError while the ledger says otherwise.
    """
    for transaction_id in _forgotten(batch_id):
        settle_transaction(transaction_id)
    _close(batch_id)


@atomic
def _forgotten(session: Session, batch_id: str) -> list[str]:
    batch = session.get_one(Batch, batch_id, populate_existing=True)
    if batch.closed_at is not None:
        return []
    _wait_for_the_end(session, batch)
    return missing(session, batch)


@atomic
def _close(session: Session, batch_id: str) -> None:
    batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
    if batch.closed_at is not None:
        return
    now = _wait_for_the_end(session, batch)
    ours, lines = totals(session, batch)
    theirs = ledger_total(session, batch)
    if ours != theirs:
        raise LedgerDisagreesError(f"{batch_id}: {ours} here, {theirs} in the ledger")
    batch.total, batch.line_count, batch.closed_at = ours, lines, now
    history.record(
        session,
        "system",
        "settlement.closed",
        subject=batch_id,
        merchant=batch.merchant_id,
        day=batch.business_day.isoformat(),
        total=ours,
        currency=batch.currency,
        lines=lines,
    )


def _wait_for_the_end(session: Session, batch: Batch) -> dt.datetime:
    """What time it is. Raises Later until CLOSE_AFTER_SECONDS after the cut-off."""
    now = session.execute(select(database_now())).scalar_one()
    early = (batch.ends_at - now).total_seconds() + CLOSE_AFTER_SECONDS
    if early > 0:
        raise Later(early, "the business day is not over")
    return now


def missing(session: Session, batch: Batch) -> list[str]:
    """Payments of which the ledger has something of the batch's day that is in no line."""
    of_the_day = or_(
        (Transaction.ended_at >= batch.starts_at) & (Transaction.ended_at < batch.ends_at),
        (Journal.posted_at >= batch.starts_at) & (Journal.posted_at < batch.ends_at),
    )
    rows = session.scalars(
        select(Journal.transaction_id)
        .join(Entry, Entry.journal_id == Journal.id)
        .join(Transaction, Transaction.id == Journal.transaction_id)
        .join(PaymentRecord, PaymentRecord.transaction_id == Journal.transaction_id)
        .outerjoin(Part, Part.journal_id == Journal.id)
        .where(PaymentRecord.role == MERCHANT, PaymentRecord.payable_id == batch.merchant_id)
        .where(Journal.currency == batch.currency, Part.line_id.is_(None), of_the_day)
        .group_by(Journal.id)
        .having(MOVED != 0)
    )
    return sorted(set(rows))


def totals(session: Session, batch: Batch) -> tuple[int, int]:
    """The sum of the batch's lines in minor units, and how many there are."""
    row = session.execute(
        select(func.coalesce(func.sum(Line.amount), 0), func.count()).where(
            Line.batch_id == batch.id
        )
    ).one()
    return int(row[0]), int(row[1])


def ledger_total(session: Session, batch: Batch) -> int:
    """What the journals of its lines moved, in minor units."""
    return int(session.scalar(select(moved_of_lines(Line.batch_id == batch.id))) or 0)
