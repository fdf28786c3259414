"""What the database says of queues, calls to Stripe and payments: measured where it is asked, so
that every process gives the same answer."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now, statement_start
from payments_app.core.db.columns import as_object
from payments_app.core.history import last_entries
from payments_app.core.jobs.counters import JobCounters
from payments_app.core.jobs.due import claimable
from payments_app.core.jobs.outbox import OPEN, Message, commands
from payments_app.gateway.breaker import NAME, Breaker
from payments_app.inbound.models import STATES, StripeEvent
from payments_app.payments.models import Transaction

STRIPE_SECONDS = 300  # how far back calls to Stripe are looked at
EVENT_SECONDS = 86_400  # how far back its events are
PAYMENT_SECONDS = 3600
_LAST_ENTRIES = 20_000  # of the history, at most: its times have no index


@dataclass(frozen=True)
class Load:
    """What is open of one job: `due` waits for a worker now, the oldest for `late_seconds`;
    `running` is leased; `retrying` failed at least once. Not `known`: this process can't do it."""

    queue: str
    command: str
    open: int
    due: int
    running: int
    retrying: int
    late_seconds: float
    known: bool = True

    @property
    def unknown(self) -> int:
        """Messages that wait for a process that knows the job."""
        return 0 if self.known else self.due

    @property
    def later(self) -> int:
        """Messages whose time has not come."""
        return self.open - self.due - self.running


@dataclass(frozen=True)
class Calls:
    """One kind of call to Stripe, lately: how many, and how long they took in seconds."""

    call: str
    verdicts: Mapping[str, int]
    median: float
    p95: float
    p99: float


@dataclass(frozen=True)
class BreakerState:
    """Whether calls to Stripe are refused here now."""

    is_open: bool
    failures: int
    times_opened: int


def loads(session: Session) -> list[Load]:
    """The open messages by queue and job."""
    due = func.coalesce(func.sum(case((and_(*claimable()), 1), else_=0)), 0)
    leased = case((Message.leased_until > database_now(), 1), else_=0)
    rows = session.execute(
        select(
            Message.queue,
            Message.command,
            func.count().label("open"),
            due.label("due"),
            func.sum(leased).label("running"),
            func.sum(case((Message.failures > 0, 1), else_=0)).label("retrying"),
            func.min(case((and_(*claimable()), Message.available_at))).label("oldest"),
        )
        .where(*OPEN)
        .group_by(Message.queue, Message.command)
        .order_by(Message.queue, Message.command)
    ).all()
    now = session.execute(select(database_now())).scalar_one()
    known = commands()
    return [
        Load(
            row.queue,
            row.command,
            row.open,
            row.due,
            row.running,
            row.retrying,
            max(0.0, (now - row.oldest).total_seconds()) if row.oldest else 0.0,
            row.command in known,
        )
        for row in rows
    ]


def dead(session: Session) -> dict[tuple[str, str], int]:
    """How many dead messages nobody has dealt with, by queue and job."""
    rows = session.execute(
        select(Message.queue, Message.command, func.count())
        .where(Message.dead_at.is_not(None), Message.discarded_at.is_(None))
        .group_by(Message.queue, Message.command)
    )
    return {(queue, command): count for queue, command, count in rows}


def job_counters(session: Session) -> Sequence[JobCounters]:
    """What only ever rises, by queue and job."""
    return session.scalars(
        select(JobCounters).order_by(JobCounters.queue, JobCounters.command)
    ).all()


def breaker_state(session: Session) -> BreakerState:
    """The breaker in front of Stripe, as payments need it."""
    row = session.execute(
        select(Breaker.open_until > database_now(), Breaker.failures, Breaker.times_opened).where(
            Breaker.name == NAME
        )
    ).first()
    return BreakerState(bool(row[0]), row[1], row[2]) if row else BreakerState(False, 0, 0)


def stripe_calls(session: Session) -> list[Calls]:
    """The calls of the last STRIPE_SECONDS, as the history noted them."""
    entry = last_entries(_LAST_ENTRIES)
    rows = session.execute(
        select(entry.what, entry.data).where(
            entry.kind == "stripe", entry.at > database_now(-STRIPE_SECONDS)
        )
    )
    times: dict[str, list[float]] = defaultdict(list)
    verdicts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for what, data in rows:
        call, data = what.removeprefix("stripe."), as_object(data)
        verdicts[call][data.get("verdict", "unknown")] += 1
        if data.get("milliseconds") is not None:
            times[call].append(data["milliseconds"] / 1000)
    return [Calls(call, verdicts[call], *_quantiles(times[call])) for call in sorted(verdicts)]


def stripe_events(session: Session) -> dict[tuple[str, str, str], int]:
    """Stripe's events of the last EVENT_SECONDS by type, what came of them, and `true` or `false`
    for live mode."""
    rows = session.execute(
        select(StripeEvent.type, StripeEvent.state, StripeEvent.livemode, func.count())
        .where(
            StripeEvent.state.in_(STATES), StripeEvent.received_at > statement_start(-EVENT_SECONDS)
        )
        .group_by(StripeEvent.type, StripeEvent.state, StripeEvent.livemode)
        .order_by(StripeEvent.type, StripeEvent.state, StripeEvent.livemode)
    )
    return {(type_, state, str(live).lower()): count for type_, state, live, count in rows}


def payments_by_phase(session: Session) -> dict[str, int]:
    """The payments begun in the last PAYMENT_SECONDS."""
    rows = session.execute(
        select(Transaction.phase, func.count())
        .where(Transaction.created_at > statement_start(-PAYMENT_SECONDS))
        .group_by(Transaction.phase)
    )
    return {row[0]: row[1] for row in rows}


def open_alerts(session: Session) -> dict[str, int]:
    """Alerts that nobody has acknowledged, by severity."""
    rows = session.execute(
        select(Alert.severity, func.count())
        .where(Alert.acknowledged_at.is_(None))
        .group_by(Alert.severity)
    )
    return {row[0]: row[1] for row in rows}


def _quantiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    if len(seconds) < 2:
        only = seconds[0] if seconds else 0.0
        return only, only, only
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]
