"""double_payments: payments that somebody may have made twice by mistake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import UTCDateTime
from payments_app.core.money import Money
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund

WITHIN = dt.timedelta(minutes=10)
# The calendar's ends, so far from them that WITHIN does not lead out of it.
_EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC) + WITHIN
_LATEST = dt.datetime.max.replace(tzinfo=dt.UTC) - WITHIN


@dataclass(frozen=True)
class DoublePayment:
    """Two complete payments that took one amount, by one e-mail address, `apart` from each
    other."""

    first: str
    second: str
    email: str
    money: Money
    at: dt.datetime
    apart: dt.timedelta


def likely_doubles(session: Session, since: dt.datetime) -> list[DoublePayment]:
    """Pairs whose second payment was made since then, newest first; without those of which either
    was given back, in part or in full."""
    email = func.lower(Transaction.email)
    alike = (email, Transaction.paid, Transaction.currency)
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
            Transaction.paid.label("paid"),
            Transaction.currency,
            Transaction.created_at,
            earlier.label("earlier"),
        )
        .where(
            Transaction.state == State.COMPLETE,
            Transaction.paid > 0,
            Transaction.email != "",  # whose address is not known may be anybody
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
            money=Money(row.paid, row.currency),
            at=row.created_at,
            apart=row.created_at - row.earlier,
        )
        for row in rows
    ]
    close = [double for double in found if double.apart <= WITHIN]
    ids = [id_ for double in close for id_ in (double.first, double.second)]
    returned = set(session.scalars(_refunded(ids)))
    return [double for double in close if returned.isdisjoint((double.first, double.second))]


def twin_of(session: Session, transaction_id: str) -> str | None:
    """The other payment where this one was likely made twice, the nearest in time."""
    mine = session.get_one(Transaction, transaction_id)
    if mine.paid == 0 or not mine.email:
        return None
    twins = session.execute(
        select(Transaction.id, Transaction.created_at).where(
            func.lower(Transaction.email) == func.lower(mine.email),
            Transaction.created_at.between(
                max(mine.created_at, _EARLIEST) - WITHIN, min(mine.created_at, _LATEST) + WITHIN
            ),
            Transaction.paid == mine.paid,
            Transaction.currency == mine.currency,
            Transaction.state == State.COMPLETE,
            Transaction.id != mine.id,
        )
    ).all()
    returned = set(session.scalars(_refunded([mine.id, *(twin.id for twin in twins)])))
    left = [twin for twin in twins if twin.id not in returned and mine.id not in returned]
    nearest = min(left, key=lambda twin: abs(twin.created_at - mine.created_at), default=None)
    return nearest.id if nearest else None


def _refunded(ids: list[str]) -> Select[str]:
    return select(Refund.transaction_id).where(
        Refund.transaction_id.in_(ids), Refund.state.not_in(NOT_REFUNDED)
    )
