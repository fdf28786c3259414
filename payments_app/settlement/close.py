"""close: end a business day: nothing is missing in it, and its total is the ledger's."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.clock import database_now
from payments_app.core.database import atomic
from payments_app.core.money import Money
from payments_app.core.outbox import Claim, Later, Policy
from payments_app.ledger.models import STRIPE_BALANCE, Entry, Journal
from payments_app.ledger.post import CAPTURE
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.payee import MERCHANT
from payments_app.settlement.lines import GRACE_SECONDS, MOVED, Movement, add
from payments_app.settlement.models import Batch, Line

# The ledger may be late: five retries over four hours, then a person.
POLICY = Policy((60, 300, 1800, 3600, 2 * 3600))


class LedgerDisagreesError(Exception):
    """The batch's lines and the ledger's journals of the same keys differ."""


@atomic
def close_batch(session: Session, batch_id: str, _claim: Claim) -> None:
    """The command: close a batch GRACE_SECONDS after its cut-off, once.

    Raises Later before that, and LedgerDisagreesError while the ledger says otherwise.
    """
    batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
    if batch.closed_at is not None:
        return
    now = session.execute(select(database_now())).scalar_one()
    early = (batch.closes_at - now).total_seconds() + GRACE_SECONDS
    if early > 0:
        raise Later(early, "the business day is not over")
    for movement in missing(session, batch):
        add(session, movement)
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


def missing(session: Session, batch: Batch) -> list[Movement]:
    """What the ledger knows of the batch's day, and no line does."""
    capture = Journal.entry_type == CAPTURE
    on_time = or_(
        and_(
            capture,
            Transaction.ended_at >= batch.opens_at,
            Transaction.ended_at < batch.closes_at,
        ),
        and_(~capture, Journal.posted_at >= batch.opens_at, Journal.posted_at < batch.closes_at),
    )
    rows = session.execute(
        select(
            Journal.key,
            Journal.entry_type,
            Journal.transaction_id,
            Journal.posted_at,
            Transaction.ended_at,
            MOVED.label("moved"),
        )
        .join(Entry, Entry.journal_id == Journal.id)
        .join(Transaction, Transaction.id == Journal.transaction_id)
        .join(PaymentRecord, PaymentRecord.transaction_id == Journal.transaction_id)
        .outerjoin(Line, Line.key == Journal.key)
        .where(PaymentRecord.role == MERCHANT, PaymentRecord.payable_id == batch.merchant_id)
        .where(Entry.account == STRIPE_BALANCE, Journal.currency == batch.currency)
        .where(Line.id.is_(None), on_time)
        .group_by(Journal.id, Transaction.id)
        .having(MOVED != 0)
        .order_by(Journal.id)
    )
    return [
        Movement(
            row.key,
            row.entry_type,
            row.transaction_id,
            Money(int(row.moved), batch.currency),
            row.ended_at if row.entry_type == CAPTURE else row.posted_at,
        )
        for row in rows
    ]


def totals(session: Session, batch: Batch) -> tuple[int, int]:
    """The sum of the batch's lines in minor units, and how many there are."""
    row = session.execute(
        select(func.coalesce(func.sum(Line.amount), 0), func.count()).where(
            Line.batch_id == batch.id
        )
    ).one()
    return int(row[0]), int(row[1])


def ledger_total(session: Session, batch: Batch) -> int:
    """What the ledger's journals of the same keys moved, in minor units."""
    moved = session.scalar(
        select(MOVED)
        .select_from(Entry)
        .join(Journal, Journal.id == Entry.journal_id)
        .join(Line, Line.key == Journal.key)
        .where(Line.batch_id == batch.id, Entry.account == STRIPE_BALANCE)
    )
    return int(moved or 0)
