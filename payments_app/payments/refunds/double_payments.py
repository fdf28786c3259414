"""double_payments: payments that somebody may have made twice by mistake.

By one e-mail address, or with one card under two of them; of one amount, close to each other in
time (DOUBLE_PAYMENT_MINUTES).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import UTCDateTime
from payments_app.core.money import Money
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund

_EMAIL = func.lower(Transaction.email)
# Who paid: whose address is not known may be anybody, and so may a card.
_PAYERS: tuple[tuple[Any, ColumnElement[bool]], ...] = (
    (_EMAIL, Transaction.email != ""),
    (Transaction.card_fingerprint.expression, Transaction.card_fingerprint.is_not(None)),
)


@dataclass(frozen=True)
class DoublePayment:
    """Two complete payments that took one amount, by one e-mail address or one card, `apart` from
    each other. `email` is the second one's."""

    first: str
    second: str
    email: str
    money: Money
    at: dt.datetime
    apart: dt.timedelta


def within() -> dt.timedelta:
    """How close two payments are that may be one mistake."""
    return dt.timedelta(minutes=current_app.config["CONFIG"].double_payment_minutes)


def likely_doubles(session: Session, since: dt.datetime) -> list[DoublePayment]:
    """Pairs whose second payment was made since then, newest first, of payments of which nothing
    was given back nor taken by a bank: of three, the first and the last are one once the middle one
    is refunded. Whoever disputed one of a pair would have both back if the other were refunded."""
    found: dict[tuple[str, str], DoublePayment] = {}
    for payer, known in _PAYERS:
        for row in _pairs(session, since, payer, known):
            double = DoublePayment(
                first=row.first,
                second=row.second,
                email=row.email,
                money=Money(row.paid, row.currency),
                at=row.created_at,
                apart=row.created_at - row.earlier,
            )
            found.setdefault((row.first, row.second), double)
    close = [double for double in found.values() if double.apart <= within()]
    return sorted(close, key=lambda double: (double.at, double.second), reverse=True)


def _pairs(
    session: Session, since: dt.datetime, payer: Any, known: ColumnElement[bool]
) -> Sequence[Row[str, str, str, int, str, dt.datetime, dt.datetime]]:
    """Each payment since then with the one before it that was alike."""
    alike = (payer, Transaction.paid, Transaction.currency)
    in_order = (Transaction.created_at, Transaction.id)
    first = func.lag(Transaction.id).over(partition_by=alike, order_by=in_order)
    earlier = func.lag(Transaction.created_at, type_=UTCDateTime()).over(
        partition_by=alike, order_by=in_order
    )
    of_it = Refund.transaction_id == Transaction.id
    at_bank = Dispute.transaction_id == Transaction.id
    pairs = (
        select(
            first.label("first"),
            Transaction.id.label("second"),
            _EMAIL.label("email"),
            Transaction.paid.label("paid"),
            Transaction.currency,
            Transaction.created_at,
            earlier.label("earlier"),
        )
        .where(
            Transaction.state == State.COMPLETE,
            Transaction.paid > 0,
            known,
            Transaction.created_at >= since - within(),
            # By index, for each of these: a join could read all refunds there are.
            _refunded().where(of_it).limit(1).scalar_subquery().is_(None),
            _disputed().where(at_bank).limit(1).scalar_subquery().is_(None),
        )
        .subquery()
    )
    close = pairs.c.earlier.is_not(None) & (pairs.c.created_at >= since)
    return session.execute(select(pairs).where(close)).all()


def twin_of(session: Session, transaction_id: str) -> str | None:
    """The other payment where this one was likely made twice, the nearest in time."""
    mine = session.get_one(Transaction, transaction_id)
    same = []
    if mine.email:
        same.append(func.lower(mine.email) == _EMAIL)
    if mine.card_fingerprint:
        same.append(Transaction.card_fingerprint == mine.card_fingerprint)
    if mine.paid == 0 or not same:
        return None
    # Not beyond the calendar's ends.
    earliest = max(mine.created_at, dt.datetime.min.replace(tzinfo=dt.UTC) + within())
    latest = min(mine.created_at, dt.datetime.max.replace(tzinfo=dt.UTC) - within())
    twins = session.execute(
        select(Transaction.id, Transaction.created_at).where(
            and_(
                or_(*same),
                Transaction.created_at.between(earliest - within(), latest + within()),
                Transaction.paid == mine.paid,
                Transaction.currency == mine.currency,
                Transaction.state == State.COMPLETE,
                Transaction.id != mine.id,
            )
        )
    ).all()
    ids = [mine.id, *(twin.id for twin in twins)]
    returned = {
        *session.scalars(_refunded().where(Refund.transaction_id.in_(ids))),
        *session.scalars(_disputed().where(Dispute.transaction_id.in_(ids))),
    }
    left = [twin for twin in twins if twin.id not in returned and mine.id not in returned]
    nearest = min(left, key=lambda twin: abs(twin.created_at - mine.created_at), default=None)
    return nearest.id if nearest else None


def _refunded() -> Select[str]:
    return select(Refund.transaction_id).where(Refund.state.not_in(NOT_REFUNDED))


def _disputed() -> Select[str]:
    return select(Dispute.transaction_id).where(Dispute.funds == "withdrawn")
