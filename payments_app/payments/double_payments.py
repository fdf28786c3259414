"""double_payments: payments that somebody may have made twice by mistake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.columns import UTCDateTime
from payments_app.core.money import Money
from payments_app.payments.models import Transaction

WITHIN = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class DoublePayment:
    """Two complete payments of one amount by one e-mail address, `apart` from each other."""

    first: str
    second: str
    email: str
    money: Money
    at: dt.datetime
    apart: dt.timedelta


def likely_doubles(session: Session, since: dt.datetime) -> list[DoublePayment]:
    """Pairs whose second payment was made since then, newest first."""
    email = func.lower(Transaction.email)
    alike = (email, Transaction.amount, Transaction.currency)
    in_order = (Transaction.created_at, Transaction.id)
    first = func.lag(Transaction.id).over(partition_by=alike, order_by=in_order)
    earlier = func.lag(Transaction.created_at, type_=UTCDateTime()).over(
        partition_by=alike, order_by=in_order
    )
    pairs = (
        select(
            first.label("first"),
            Transaction.id.label("second"),
            email.label("email"),
            Transaction.amount,
            Transaction.currency,
            Transaction.created_at,
            earlier.label("earlier"),
        )
        .where(
            Transaction.state == "complete",
            Transaction.amount > 0,
            Transaction.created_at >= since - WITHIN,
        )
        .subquery()
    )
    rows = session.execute(
        select(pairs)
        .where(pairs.c.first.is_not(None), pairs.c.created_at >= since)
        .order_by(pairs.c.created_at.desc(), pairs.c.second.desc())
    )
    found = [
        DoublePayment(
            first=row.first,
            second=row.second,
            email=row.email,
            money=Money(row.amount, row.currency),
            at=row.created_at,
            apart=row.created_at - row.earlier,
        )
        for row in rows
    ]
    return [double for double in found if double.apart <= WITHIN]
