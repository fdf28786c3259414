"""A circuit breaker in front of Stripe, shared by every process: one row in the database.

Closed, calls pass. After FAILURES in a row it opens: calls are refused here, before anything is
sent, and cost neither a thread nor 20 s of waiting. When its time is up one caller may probe; its
success closes the breaker, and all that waits is made due at once.

What no payment needs (`APART`) has a breaker of its own: Stripe's files may be away, or the API of
merchants' accounts, while it charges as ever. While the first is open those are refused as well.
"""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy import String, case, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import at_once, atomic, insert_once
from payments_app.core.extensions import Base, db
from payments_app.core.jobs import outbox

NAME = "stripe"
FILES, ACCOUNTS = "stripe:files", "stripe:accounts"
# By the kind of object that a call answers, or the beginning of its name.
APART = {"file": FILES, "account": ACCOUNTS, "v2": ACCOUNTS}
_ABOUT = {
    NAME: "Stripe does not answer: payments wait, and go on by themselves when it does",
    FILES: "Stripe takes no files: answers to disputes wait, and go on by themselves when it does",
    ACCOUNTS: "Stripe does not answer about merchants' accounts: onboarding waits, payments go on",
}
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
    Breaker.name,
    Breaker.open_until,
    (Breaker.open_until > database_now()).label("is_open"),
    database_now().label("now"),
)
_FAILURES = select(Breaker.failures)


def breaker_of(kind: str) -> str:
    """The name of the breaker before calls that answer an object of this kind."""
    return APART.get(re.split(r"[._]", kind)[0], NAME)


def refusal_seconds(name: str = NAME) -> float | None:
    """None where a call may be made now; else how long to wait before asking again.

    A caller that is let through while the breaker is open is its probe.
    """
    db.session.commit()  # no connection is held while Stripe is called
    rows = {row.name: row for row in at_once(_STATE.where(Breaker.name.in_({NAME, name})))}
    first, row = rows.get(NAME), rows.get(name)
    if first is not None and first.is_open:
        row = first
    if row is None or row.open_until is None:
        return None
    if row.is_open:
        return max(1.0, float((row.open_until - row.now).total_seconds()))
    return None if _take_probe(name) else 1.0


@atomic
def forget(session: Session) -> None:
    """Close all without news: what a restored backup says of an outage is of another hour."""
    session.execute(update(Breaker).values(failures=0, open_until=None))


def end_rest(session: Session) -> None:
    """Let the next call be the probe at once, in the caller's transaction."""
    resting = update(Breaker).where(Breaker.name == NAME, Breaker.open_until > database_now())
    session.execute(resting.values(open_until=database_now()))


def _take_probe(name: str) -> bool:
    """Compare-and-set: of all that find the time up, one goes."""
    won = at_once(
        update(Breaker)
        .where(Breaker.name == name, Breaker.open_until <= database_now())
        .values(open_until=database_now(PROBE_SECONDS))
        .returning(Breaker.name)
    )
    return bool(won)


def report(name: str = NAME, *, reached: bool) -> None:
    """Tell how a call went: whether Stripe answered it at all. Writes only where that is news."""
    if not reached:
        _count_failure(name)
    elif any(row.failures for row in at_once(_FAILURES.where(Breaker.name == name))):
        _close(name)


@atomic
def _close(session: Session, name: str) -> None:
    was_open = session.execute(
        select(Breaker.open_until, Breaker.times_opened)
        .where(Breaker.name == name)
        .with_for_update()
    ).one()
    session.execute(update(Breaker).where(Breaker.name == name).values(failures=0, open_until=None))
    if was_open.open_until is not None and name == NAME:
        key = f"stripe.recovered:{was_open.times_opened}"
        outbox.stage(session, "stripe.recovered", NAME, key=key)


@atomic
def _count_failure(session: Session, name: str) -> None:
    insert_once(session, Breaker, name=name, failures=0, times_opened=0)
    failures = session.execute(
        update(Breaker)
        .where(Breaker.name == name)
        .values(failures=Breaker.failures + 1)
        .returning(Breaker.failures)
    ).scalar_one()
    if failures < FAILURES:
        return
    seconds = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(10, failures - FAILURES))
    session.execute(
        update(Breaker)
        .where(Breaker.name == name)
        .values(
            open_until=database_now(seconds),
            times_opened=Breaker.times_opened + case((Breaker.open_until.is_(None), 1), else_=0),
        )
    )
    if failures == FAILURES:
        alerts.raise_alert(
            session,
            "breaker_open",
            alert_key(name),
            _ABOUT[name],
            severity="critical" if name == NAME else "warning",
        )


def alert_key(name: str) -> str:
    """Of the one open alert on a breaker."""
    return f"breaker:{name}"
