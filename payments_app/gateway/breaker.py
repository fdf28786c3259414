"""A circuit breaker in front of Stripe, shared by every process: one row in the database.

Closed, calls pass. After FAILURES in a row it opens: calls are refused here, before anything is
sent, and cost neither a thread nor 20 s of waiting. When its time is up one caller may probe; its
success closes the breaker, and all that waits is made due at once.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, case, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import at_once, atomic, insert_once
from payments_app.core.extensions import Base, db
from payments_app.core.jobs import outbox

NAME = "stripe"
FAILURES = 5
FIRST_SECONDS, LONGEST_SECONDS = 5, 15  # how late its end is noticed
PROBE_SECONDS = 30  # longer than a call can last: one probe at a time


class Breaker(Base):
    """`failures` in a row; while `open_until` lies ahead, no call is made."""

    __tablename__ = "pay_breakers"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    times_opened: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[dt.datetime | None]
    changed_at: Mapped[dt.datetime] = mapped_column(
        server_default=database_now(), onupdate=database_now()
    )


_STATE = select(
    Breaker.open_until,
    (Breaker.open_until > database_now()).label("is_open"),
    database_now().label("now"),
).where(Breaker.name == NAME)
_FAILURES = select(Breaker.failures).where(Breaker.name == NAME)


def refusal_seconds() -> float | None:
    """None where a call may be made now; else how long to wait before asking again.

    A caller that is let through while the breaker is open is its probe.
    """
    db.session.commit()  # no connection is held while Stripe is called
    row = next(iter(at_once(_STATE)), None)
    if row is None or row.open_until is None:
        return None
    if row.is_open:
        return max(1.0, float((row.open_until - row.now).total_seconds()))
    return None if _take_probe() else 1.0


@atomic
def forget(session: Session) -> None:
    """Close it without news: what a restored backup says of an outage is of another hour."""
    session.execute(update(Breaker).where(Breaker.name == NAME).values(failures=0, open_until=None))


def _take_probe() -> bool:
    """Compare-and-set: of all that find the time up, one goes."""
    won = at_once(
        update(Breaker)
        .where(Breaker.name == NAME, Breaker.open_until <= database_now())
        .values(open_until=database_now(PROBE_SECONDS))
        .returning(Breaker.name)
    )
    return bool(won)


def report(*, reached: bool) -> None:
    """Tell how a call went: whether Stripe answered it at all. Writes only where that is news."""
    if not reached:
        _count_failure()
    elif any(row.failures for row in at_once(_FAILURES)):
        _close()


@atomic
def _close(session: Session) -> None:
    was_open = session.execute(
        select(Breaker.open_until, Breaker.times_opened)
        .where(Breaker.name == NAME)
        .with_for_update()
    ).one()
    session.execute(update(Breaker).where(Breaker.name == NAME).values(failures=0, open_until=None))
    if was_open.open_until is not None:
        key = f"stripe.recovered:{was_open.times_opened}"
        outbox.stage(session, "stripe.recovered", NAME, key=key)


@atomic
def _count_failure(session: Session) -> None:
    insert_once(session, Breaker, name=NAME, failures=0, times_opened=0)
    failures = session.execute(
        update(Breaker)
        .where(Breaker.name == NAME)
        .values(failures=Breaker.failures + 1)
        .returning(Breaker.failures)
    ).scalar_one()
    if failures < FAILURES:
        return
    seconds = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(10, failures - FAILURES))
    session.execute(
        update(Breaker)
        .where(Breaker.name == NAME)
        .values(
            open_until=database_now(seconds),
            times_opened=Breaker.times_opened + case((Breaker.open_until.is_(None), 1), else_=0),
        )
    )
    if failures == FAILURES:
        alerts.raise_alert(
            session,
            "breaker_open",
            "breaker:stripe",
            "Stripe does not answer: payments wait, and go on by themselves when it does",
            severity="critical",
        )
