"""days: the trial balance, from sums of the days that are over.

A job keeps the sums of each day an hour after its end, without a gap from the first journal on:
nothing is posted on it any more. What was posted since is summed when it is asked for, so a page
costs what the last hours brought, however long the ledger is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from sqlalchemy import Date, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import day_bounds, utcnow
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.extensions import Base
from payments_app.ledger.models import Journal
from payments_app.ledger.queries import Balance, Period, trial_balance

_DAY = dt.timedelta(days=1)
_SETTLED = dt.timedelta(hours=1)  # no transaction is open so long
_DAYS_AT_ONCE = 50
_SUMMED = ""  # the account of the row that says that a day was summed, also where it is empty


class LedgerDay(Base):
    """What was posted to an account in one day of `zone`, in minor units of `currency`."""

    __tablename__ = "pay_ledger_days"

    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    account: Mapped[str] = mapped_column(String(24), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    debits: Mapped[int] = mapped_column(BIGINT)
    credits: Mapped[int] = mapped_column(BIGINT)


def balance_of_days(
    session: Session, first: dt.date | None, last: dt.date | None, zone: ZoneInfo
) -> list[Balance]:
    """Every account by currency, of the days from `first` to `last`, each without end where it is
    None: as `trial_balance` of their period says."""
    kept_to = _last_kept(session, zone)
    if kept_to is None:
        return trial_balance(session, period_of(first, last, zone))
    lines = list(_kept(session, first, min(last or kept_to, kept_to), zone))
    since = max(first or kept_to, kept_to + _DAY)
    if last is None or since <= last:
        lines += trial_balance(session, period_of(since, last, zone))
    return list(_together(lines))


def period_of(first: dt.date | None, last: dt.date | None, zone: ZoneInfo) -> Period:
    """The moments of these days. Raises OverflowError beyond the calendar's ends."""
    return Period(
        day_bounds(first, zone)[0] if first else None, day_bounds(last, zone)[1] if last else None
    )


def keep_days(zone: ZoneInfo) -> int:
    """The job: sum days that are over and not kept, the oldest first; how many. Safe to run beside
    itself."""
    return sum(1 for _ in range(_DAYS_AT_ONCE) if _keep_next(zone))


@atomic
def _keep_next(session: Session, zone: ZoneInfo) -> bool:
    if (day := _next(session, zone)) is None or day_bounds(day, zone)[1] + _SETTLED > utcnow():
        return False
    head = {"zone": zone.key, "day": day}
    if insert_once(session, LedgerDay, **head, account=_SUMMED, currency="", debits=0, credits=0):
        session.add_all(
            LedgerDay(
                **head,
                account=of.account,
                currency=of.currency,
                debits=of.debits,
                credits=of.credits,
            )
            for of in trial_balance(session, period_of(day, day, zone))
        )
    return True


def _next(session: Session, zone: ZoneInfo) -> dt.date | None:
    if kept := _last_kept(session, zone):
        return kept + _DAY
    began = session.scalar(select(func.min(Journal.posted_at)))
    return began.astimezone(zone).date() if began else None


def _last_kept(session: Session, zone: ZoneInfo) -> dt.date | None:
    return session.scalar(select(func.max(LedgerDay.day)).where(LedgerDay.zone == zone.key))


def _together(lines: Iterable[Balance]) -> Iterator[Balance]:
    key = attrgetter("currency", "account")
    for (currency, account), same in groupby(sorted(lines, key=key), key):
        debits, credits_ = zip(*((one.debits, one.credits) for one in same), strict=True)
        yield Balance(account, currency, sum(debits), sum(credits_))


def _kept(
    session: Session, first: dt.date | None, last: dt.date, zone: ZoneInfo
) -> Iterator[Balance]:
    query = (
        select(
            LedgerDay.account,
            LedgerDay.currency,
            func.sum(LedgerDay.debits),
            func.sum(LedgerDay.credits),
        )
        .where(LedgerDay.zone == zone.key, LedgerDay.account != _SUMMED, LedgerDay.day <= last)
        .group_by(LedgerDay.account, LedgerDay.currency)
    )
    if first:
        query = query.where(LedgerDay.day >= first)
    for account, currency, debits, credits_ in session.execute(query):
        yield Balance(account, currency, int(debits), int(credits_))
