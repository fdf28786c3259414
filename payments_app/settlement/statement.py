"""statement: a batch as its merchant reads it, on a page or in a spreadsheet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from payments_app.core.db.clock import in_zone
from payments_app.core.money import Money
from payments_app.merchants.models import Merchant
from payments_app.merchants.zones import zone_named
from payments_app.payments.models import Transaction
from payments_app.settlement.models import Batch, Line

LISTED = 100


@dataclass(frozen=True)
class StatementLine:
    """One line with the payment that it is about."""

    line: Line
    transaction: Transaction

    def local(self, zone: ZoneInfo) -> dt.datetime:
        """When it happened, in the merchant's zone."""
        return in_zone(self.line.occurred_at, zone)


@dataclass(frozen=True)
class Statement:
    """A batch, whose it is, and its lines in the order in which they happened."""

    batch: Batch
    merchant: Merchant
    lines: list[StatementLine]

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's zone when the batch was opened."""
        return zone_named(self.batch.timezone)

    @property
    def total(self) -> Money:
        """The net of all lines."""
        return Money(sum(each.line.amount for each in self.lines), self.batch.currency)

    def columns(self) -> list[tuple[str, Money]]:
        """Gross, Stripe's and the platform's fees, which together are the total."""
        lines = [each.line for each in self.lines]
        sums = {
            "Gross": sum(line.gross.amount for line in lines),
            "Stripe fees": sum(line.stripe_fee for line in lines),
            "Platform fees": sum(line.platform_fee for line in lines),
        }
        return [(name, Money(amount, self.batch.currency)) for name, amount in sums.items()]

    def by_kind(self) -> list[tuple[str, int, Money]]:
        """For each kind of line: how many, and their sum."""
        kinds = dict.fromkeys(each.line.kind for each in self.lines)
        amounts = {k: [e.line.amount for e in self.lines if e.line.kind == k] for k in kinds}
        return [(k, len(a), Money(sum(a), self.batch.currency)) for k, a in amounts.items()]

    @property
    def filename(self) -> str:
        """Of the download, without its ending."""
        return f"settlement-{self.batch.business_day}-{self.batch.currency}"


def statement_of(session: Session, batch_id: str) -> Statement | None:
    """The statement of a batch, open or closed; None for an unknown id."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        return None
    rows = session.execute(
        select(Line, Transaction)
        .join(Transaction, Transaction.id == Line.transaction_id)
        .where(Line.batch_id == batch_id)
        .order_by(Line.occurred_at, Line.id)
    )
    merchant = session.get_one(Merchant, batch.merchant_id)
    return Statement(batch, merchant, [StatementLine(*row) for row in rows])


@dataclass(frozen=True)
class BatchRow:
    """A batch in a list: whose it is, and what it comes to (so far, while it is open)."""

    batch: Batch
    merchant: str
    lines: int
    total: Money


def latest_batches(
    session: Session, merchant_id: str | None = None, before: Batch | None = None
) -> list[BatchRow]:
    """The latest batches (of one merchant), newest day first, or those after one; one more than
    LISTED, where there are more."""
    place = (Batch.business_day, Batch.id)
    query = (
        select(Batch, Merchant.name, func.count(Line.id), func.coalesce(func.sum(Line.amount), 0))
        .join(Merchant, Merchant.id == Batch.merchant_id)
        .outerjoin(Line, Line.batch_id == Batch.id)
        .where(Batch.id.in_(_page(merchant_id, before)))
        .group_by(Batch.id, Merchant.name)
        .order_by(*(column.desc() for column in place))
    )
    return [
        BatchRow(batch, name, count, Money(int(total), batch.currency))
        for batch, name, count, total in session.execute(query)
    ]


def _page(merchant_id: str | None, before: Batch | None) -> Select[str]:
    place = (Batch.business_day, Batch.id)
    query = select(Batch.id).order_by(*(column.desc() for column in place)).limit(LISTED + 1)
    if merchant_id is not None:
        query = query.where(Batch.merchant_id == merchant_id)
    if before is not None:
        query = query.where(tuple_(*place) < (before.business_day, before.id))
    return query
