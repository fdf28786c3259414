"""simulate: many subscriptions, day by day by a clock that is moved, through the same functions,
the charge's own job and the stand-in for Stripe; then every period is counted.

What should have been billed is reckoned by itself, month by month from each beginning, so that an
error of the calendar shows as a period too many or missed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from flask import Flask, current_app
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import wake_up
from payments_app.core.jobs.runner import run_due_messages
from payments_app.customers.find import customer_for
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from payments_app.subscriptions import dunning
from payments_app.subscriptions.calendar import local_day
from payments_app.subscriptions.lock import lock
from payments_app.subscriptions.models import Plan
from payments_app.subscriptions.on_payment import apply_payment_result
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import advance, due
from payments_app.subscriptions.subscribe import subscribe

CARD = "pm_card_visa"
_DEADLINE_SECONDS = 300.0  # for one day's payments: the lease of a killed worker runs out first
_LOOK_SECONDS = 0.2  # between two looks at what workers have done
_AT_ONCE = 10  # as many as the workers of a queue

T = TypeVar("T")
U = TypeVar("U")


@dataclass
class Count:
    """Periods paid, paid twice, and not billed though they should have been."""

    billed: int = 0
    doubles: int = 0
    missed: int = 0
    problems: list[str] = field(default_factory=list)


def simulate(
    count: int, months: int, first_day: dt.date | None = None, *, by_workers: bool = False
) -> Count:
    """Begin `count` subscriptions over a month, move the clock by `months` more, and count.

    `by_workers` leaves the charges to the workers that run already; they may be killed meanwhile.
    Raises RuntimeError where one day's payments do not end within 5 minutes.
    """
    charge = _let_workers_charge if by_workers else partial(run_due_messages, "charges")
    name = f"simulated-{secrets.token_hex(4)}"
    start = first_day or local_day(utcnow())
    plan_id = _plan(name)
    mine: dict[str, dt.date] = {}
    # The last begin a month after the first, and each has `months` whole months.
    days = 31 * (months + 1)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for offset in range(days):
            now = _noon(start + dt.timedelta(days=offset))
            begun = [f"{name}-{n}@example.com" for n in range(count) if n % 31 == offset]
            opened = _each(pool, partial(_begin, plan_id, now=now), begun)
            mine |= dict.fromkeys(opened, local_day(now))
            waiting = [each for each in due(_anew(), now) if each in mine]
            _each(pool, partial(advance, now=now), waiting)
            if opened or waiting:
                _charge_opened(pool, mine, now, charge)
    _end(list(mine), utcnow())
    return _count(mine, start + dt.timedelta(days=days - 1))


def _each(pool: ThreadPoolExecutor, step: Callable[[T], U], things: Iterable[T]) -> list[U]:
    """Do it to each, several at once, each in a database session of its own."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run(thing: T) -> U:
        with app.app_context():
            return step(thing)

    return list(pool.map(run, things))


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


@atomic
def _plan(session: Session, name: str) -> int:
    plan = Plan(slug=name, name="Simulated", amount=900, currency="usd", active=False)
    session.add(plan)
    session.flush()
    return plan.id


@atomic
def _begin(session: Session, plan_id: int, email: str, now: dt.datetime) -> str:
    customer = customer_for(session, email)
    period = subscribe(session, session.get_one(Plan, plan_id), customer.id, now)
    open_transaction(
        session,
        period,
        customer_id=customer.id,
        email=email,
        source=PaymentSource(payment_method=CARD, save_card=True),
        actor="simulation",
    )
    return period.subscription_id


def _charge_opened(
    pool: ThreadPoolExecutor,
    mine: dict[str, dt.date],
    now: dt.datetime,
    charge: Callable[[], object],
) -> None:
    """Charge what was opened, and update each subscription, by the moved clock."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while waiting := [row.transaction_id for row in _undecided() if row.subscription_id in mine]:
        if time.monotonic() > deadline:
            raise RuntimeError("what was opened did not end: is a worker or the sandbox missing?")
        charge()
        _each(pool, partial(apply_payment_result, now=now), waiting)


def _let_workers_charge() -> None:
    wake_up.wake("charges")
    time.sleep(_LOOK_SECONDS)


def _undecided() -> Sequence[Row[str, str]]:
    """(subscription, transaction) of each payment of an unpaid period."""
    query = (
        select(Period.subscription_id, PaymentRecord.transaction_id)
        .join(PaymentRecord, PaymentRecord.payable_id == Period.id)
        .where(
            Period.paid_at.is_(None),
            PaymentRecord.payable_type == Period.payable_type,
            PaymentRecord.role == Role.PAYS_FOR,
            PaymentRecord.active,
        )
    )
    return _anew().execute(query).all()


def _anew() -> Session:
    """A session that sees what others have committed: on SQLite a snapshot lasts until its end."""
    db.session.rollback()
    return db.session()


def _count(mine: dict[str, dt.date], until: dt.date) -> Count:
    count, session = Count(), _anew()
    for subscription_id, begun in mine.items():
        should = _boundaries(begun, until)
        paid = _paid(session, subscription_id)
        count.billed += len(paid)
        count.doubles += sum(times - 1 for times in paid.values())
        count.missed += len(should - paid.keys())
        if paid.keys() != should:
            wrong = sorted(str(day) for day in paid.keys() ^ should)
            count.problems.append(f"{subscription_id}: {', '.join(wrong)}")
    return count


def _boundaries(begun: dt.date, until: dt.date) -> set[dt.date]:
    found, number = set[dt.date](), 0
    while True:
        year, month = divmod(begun.year * 12 + begun.month - 1 + number, 12)
        last = calendar.monthrange(year, month + 1)[1]
        day = dt.date(year, month + 1, min(begun.day, last))
        if day > until:
            return found
        found.add(day)
        number += 1


def _paid(session: Session, subscription_id: str) -> dict[dt.date, int]:
    """How often each period was paid, by its start."""
    query = (
        select(Period.start, func.count())
        .join(PaymentRecord, PaymentRecord.payable_id == Period.id)
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(
            Period.subscription_id == subscription_id,
            PaymentRecord.role == Role.PAYS_FOR,
            Transaction.state == "complete",
        )
        .group_by(Period.start)
    )
    return {row[0]: row[1] for row in session.execute(query)}


@atomic
def _end(session: Session, mine: list[str], now: dt.datetime) -> None:
    """Let none of them be renewed by the real clock."""
    for subscription_id in mine:
        dunning.end(session, lock(session, subscription_id), now, "simulated")
