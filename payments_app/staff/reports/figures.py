"""figures: what a day brought: by order rather than by attempt, and net, as the ledger has it.

A day that is long over is worked out once by the job and kept; the last ones, whose payments may
still be posted, are worked out when they are asked for. An order may be paid days after it was
begun, so those of the last weeks are worked out anew each few hours.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, String, case, delete, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from payments_app.core.db.clock import database_now, day_bounds, utcnow
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base
from payments_app.ledger.queries import Period, trial_balance
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State

ORDERS, ORDERS_PAID = "orders", "orders_paid"
_MADE = "made"  # the row of a day that was worked out, of no currency
_OPEN_DAYS = 2  # the last ones: their payments may still be posted
_CHANGING_DAYS, _CHANGE_SECONDS = 35, 6 * 3600.0
_DAYS_AT_ONCE = 50

# By currency, a name (an account of the ledger, or one of those above) and its figure: of an
# account the debits less the credits, in minor units.
Figures = dict[str, dict[str, int]]


class DailyFigure(Base):
    """One figure of one day of `zone`."""

    __tablename__ = "pay_daily_figures"

    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    amount: Mapped[int] = mapped_column(BIGINT)
    made_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())


def figures(
    session: Session, first: dt.date, last: dt.date, zone: ZoneInfo, currency: str
) -> Counter[str]:
    """The sums of the days from `first` to `last` in one currency, by name: of what is kept as the
    database adds it up, so that a year is no more to read than a week; of the other days as they
    are now."""
    made = case((DailyFigure.name == _MADE, DailyFigure.day))
    rows = session.execute(
        # One statement sees one snapshot: a day that is kept meanwhile is not counted twice.
        select(DailyFigure.name, made.label("made"), func.sum(DailyFigure.amount).label("sum"))
        .where(
            DailyFigure.zone == zone.key,
            DailyFigure.day >= first,
            DailyFigure.day <= last,
            DailyFigure.currency.in_(("", currency)),
        )
        .group_by(DailyFigure.name, made)
    ).all()
    found = Counter({row.name: int(row.sum) for row in rows if row.made is None})
    kept = {row.made for row in rows}
    for day in _days(session, first, last, zone):
        if day not in kept:
            found.update(work_out(session, day, zone).get(currency, {}))
    return found


def work_out(session: Session, day: dt.date, zone: ZoneInfo) -> Figures:
    """What was posted on a day, and of the orders that were begun on it how many are paid."""
    first, after = day_bounds(day, zone)
    found: Figures = defaultdict(dict)
    for line in trial_balance(session, Period(first, after)):
        found[line.currency][line.account] = line.balance
    paid = func.count(case((_is_paid(), 1)))
    orders = session.execute(
        select(Transaction.currency, func.count(), paid)
        .where(
            Transaction.created_at >= first,
            Transaction.created_at < after,
            Transaction.attempt == 1,
        )
        .group_by(Transaction.currency)
    )
    for currency, begun, paid_for in orders:
        found[currency] |= {ORDERS: begun, ORDERS_PAID: paid_for}
    return found


def _is_paid() -> ColumnElement[bool]:
    """Whether this attempt, or another for the same thing, was paid."""
    own, other, paid = aliased(PaymentRecord), aliased(PaymentRecord), aliased(Transaction)
    sibling = exists().where(
        own.transaction_id == Transaction.id,
        own.role == Role.PAYS_FOR,
        other.payable_type == own.payable_type,
        other.payable_id == own.payable_id,
        other.role == Role.PAYS_FOR,
        paid.id == other.transaction_id,
        paid.state == State.COMPLETE,
    )
    return or_(Transaction.state == State.COMPLETE, sibling)


def keep_days(zone: ZoneInfo) -> int:
    """The job: work out the days that are over and not kept, or not lately; how many."""
    days = _due(zone)
    for day in days:
        _keep(day, zone)
    return len(days)


@atomic
def _due(session: Session, zone: ZoneInfo) -> list[dt.date]:
    today = utcnow().astimezone(zone).date()
    over = _days(session, dt.date.min, today - dt.timedelta(days=_OPEN_DAYS), zone)
    kept = {
        row.day: row.is_old
        for row in session.execute(
            select(
                DailyFigure.day,
                (DailyFigure.made_at < database_now(-_CHANGE_SECONDS)).label("is_old"),
            ).where(DailyFigure.zone == zone.key, DailyFigure.name == _MADE)
        )
    }
    changing = today - dt.timedelta(days=_CHANGING_DAYS)
    due = [day for day in over if day not in kept or (day > changing and kept[day])]
    return due[-_DAYS_AT_ONCE:]


@atomic
def _keep(session: Session, day: dt.date, zone: ZoneInfo) -> None:
    found = work_out(session, day, zone)
    session.execute(delete(DailyFigure).where(DailyFigure.zone == zone.key, DailyFigure.day == day))
    session.add(DailyFigure(zone=zone.key, day=day, currency="", name=_MADE, amount=0))
    session.add_all(
        DailyFigure(zone=zone.key, day=day, currency=currency, name=name, amount=amount)
        for currency, of in found.items()
        for name, amount in of.items()
    )


def _days(session: Session, first: dt.date, last: dt.date, zone: ZoneInfo) -> list[dt.date]:
    """The days of a range on which anything can have happened."""
    began = session.scalar(select(func.min(Transaction.created_at)))
    if began is None:
        return []
    first = max(first, began.astimezone(zone).date())
    last = min(last, utcnow().astimezone(zone).date())
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
