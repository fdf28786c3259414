"""A customer's payment history: all attempts, newest first, and their totals."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.core.web.part import Part, part_of
from payments_app.customers.models import Customer
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.truth import Truth
from payments_app.staff.payments.details import payments, truths_of
from payments_app.staff.presenter import Payment

SHOWN = 50
_HIS = (
    PaymentRecord.payable_type == Customer.payable_type,
    PaymentRecord.role == Role.CUSTOMER,
)


@dataclass(frozen=True)
class Totals:
    """Numbers of attempts by state, and what was paid in each currency, in words."""

    attempts: int
    paid: int
    failed: int
    pending: int
    amounts: list[str]


@dataclass(frozen=True)
class Panel:
    """What the panel shows now, before any detail is read: `version` changes with every row's."""

    customer_id: str
    part: Part
    keys: list[tuple[str, int]]
    totals: Totals
    truths: dict[str, Truth]

    @property
    def version(self) -> str:
        """A short name of exactly this content."""
        content = repr((self.keys, self.totals, self.truths))
        return hashlib.sha256(content.encode()).hexdigest()[:24]


def panel_of(session: Session, customer_id: str) -> Panel:
    """Ids and versions of the payments of the page that is asked for, the totals and what is so: no
    details."""
    newest = (
        select(Transaction.id, Transaction.version)
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .where(*_HIS, PaymentRecord.payable_id == customer_id)
        .order_by(PaymentRecord.created_at.desc(), PaymentRecord.id.desc())
    )
    part = part_of(session, newest, "attempts", SHOWN)
    keys = [(row.id, row.version) for row in part.rows]
    truths = truths_of(session, [id_ for id_, _ in keys])
    return Panel(customer_id, part, keys, _totals(session, customer_id), truths)


def rows_of(session: Session, panel: Panel, zone: ZoneInfo) -> list[Payment]:
    """The panel's payments with their details."""
    return payments(session, panel.keys, zone)


def _totals(session: Session, customer_id: str) -> Totals:
    counts: dict[str, int] = defaultdict(int)
    sums: list[str] = []
    grouped = session.execute(
        select(
            Transaction.state,
            Transaction.currency,
            func.count().label("count"),
            func.sum(Transaction.paid).label("sum"),
        )
        .join(PaymentRecord, PaymentRecord.transaction_id == Transaction.id)
        .where(*_HIS, PaymentRecord.payable_id == customer_id)
        .group_by(Transaction.state, Transaction.currency)
        .order_by(Transaction.currency)
    )
    for row in grouped:
        counts[row.state] += row[2]
        if row.state == State.COMPLETE:
            sums.append(str(Money(int(row.sum), row.currency)))
    return Totals(
        sum(counts.values()),
        counts[State.COMPLETE],
        counts[State.FAILED],
        counts[State.PENDING],
        sums,
    )
