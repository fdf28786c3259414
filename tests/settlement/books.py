"""Books: settlement's rows, and days that pass without anybody waiting for them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.merchants.find import default_merchant
from payments_app.payments.models import Transaction
from payments_app.settlement.models import Batch, Line
from tests.bystanders import own


def batches() -> list[Batch]:
    """Every batch, by day and currency."""
    db.session.rollback()
    rows = select(Batch).order_by(Batch.business_day, Batch.currency)
    found = list(db.session.scalars(rows.execution_options(populate_existing=True)))
    db.session.commit()  # a request of the test's own begins with a fresh look
    return found


def lines() -> list[tuple[str, int]]:
    """Kind and amount of every line, in the order in which they were added."""
    db.session.rollback()
    rows = db.session.execute(select(Line.kind, Line.amount).order_by(Line.id))
    return [(row.kind, row.amount) for row in rows]


def columns() -> list[tuple[str, int, int, int, int]]:
    """Kind, gross, Stripe's fee, the platform's, and net of every line."""
    db.session.rollback()
    found = db.session.scalars(select(Line).order_by(Line.id))
    return [
        (line.kind, line.gross.amount, line.stripe_fee, line.platform_fee, line.amount)
        for line in found
    ]


def line_count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Line)) or 0


@atomic
def end_days(session: Session, days: int = 2) -> None:
    """Let every batch, and all that is in it, be so many days older."""
    for batch in session.scalars(select(Batch)):
        batch.starts_at -= dt.timedelta(days=days)
        batch.ends_at -= dt.timedelta(days=days)
        batch.business_day -= dt.timedelta(days=days)
    age_payments(session, days)


def age_payments(session: Session, days: float) -> None:
    for transaction in session.scalars(select(Transaction).where(own(Transaction))):
        if transaction.ended_at is not None:
            session.execute(
                update(Transaction)
                .where(Transaction.id == transaction.id)
                .values(
                    ended_at=transaction.ended_at - dt.timedelta(days=days),
                    updated_at=text("updated_at"),
                )
            )


@atomic
def complete_at(session: Session, transaction_id: str, moment: dt.datetime) -> None:
    """Let a payment have been completed at this moment."""
    session.execute(
        update(Transaction)
        .where(Transaction.id == transaction_id)
        .values(ended_at=moment, updated_at=text("updated_at"))
    )


@atomic
def move_shop(session: Session, zone: str, cutoff: int) -> None:
    """Let the shop's days end at another hour, elsewhere."""
    merchant = default_merchant(session)
    merchant.timezone, merchant.cutoff = zone, cutoff


def now() -> dt.datetime:
    """By the database's clock."""
    db.session.rollback()
    return db.session.execute(select(database_now())).scalar_one()
