"""touched: which payments an incident touched, exactly, from its alert's times and the history."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.history import HistoryEntry
from payments_app.core.web.part import Part, part_of
from payments_app.ops.diagnosis import late_seconds
from payments_app.ops.incident import SLOW_SECONDS
from payments_app.ops.late_work import Jobs, late_then
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund, RefundState
from payments_app.payments.transactions.waiting import FAILING

AT_STRIPE = ("breaker_open", "stripe_misconfigured", "stripe_slow", "stripe_unreachable")
KINDS = (*AT_STRIPE, "late")
MOST = 200
# It began before somebody could be told of it: a call to Stripe may last so long.
BEFORE = dt.timedelta(seconds=30)


@dataclass(frozen=True)
class Touched:
    """The payments from `since` to `until` (None: it goes on): how many of each state, and MOST of
    them; MOST refunds whose calls to Stripe failed or were slow, and how many of all of these have
    not succeeded (`open_refunds`). Of a queue of ours that was late: how its `jobs` stand now."""

    since: dt.datetime
    until: dt.datetime | None
    states: dict[str, int]
    payments: Part
    refunds: Part
    open_refunds: int
    jobs: Jobs | None = None


def touched(session: Session, alert: Alert) -> Touched:
    """The payments that the incident of this alert touched: those whose calls to Stripe failed or
    were slow; where a queue of ours was late, those whose jobs waited too long in it."""
    since, jobs = alert.first_at - BEFORE, None
    until = alert.acknowledged_at or utcnow()
    if alert.kind in AT_STRIPE:
        which = _of_stripe(since, until)
    else:
        queue = alert.key.partition(":")[2]
        since -= dt.timedelta(seconds=late_seconds(queue))
        ids, jobs = late_then(session, queue, since, until)
        which = Transaction.id.in_(ids)
    counts = session.execute(
        select(Transaction.state, func.count()).where(which).group_by(Transaction.state)
    )
    query = (
        select(
            Transaction.id,
            Transaction.email,
            Transaction.amount,
            Transaction.paid,
            Transaction.currency,
            Transaction.state,
            Transaction.phase,
            Transaction.created_at,
            Transaction.ended_at,
        )
        .where(which)
        .order_by(Transaction.state.desc(), Transaction.created_at.desc(), Transaction.id)
    )
    states = {row[0]: row[1] for row in counts}
    payments = part_of(session, query, "payments", MOST)
    refunds, open_refunds = Part("refunds", [], 0, 0, MOST), 0
    if alert.kind in AT_STRIPE:
        meanwhile = _refunds(since, until)
        refunds = part_of(session, meanwhile, "refunds", MOST)
        left = meanwhile.order_by(None).where(Refund.state != RefundState.SUCCEEDED)
        open_refunds = session.scalar(select(func.count()).select_from(left.subquery())) or 0
    return Touched(since, alert.acknowledged_at, states, payments, refunds, open_refunds, jobs)


def _refunds(since: dt.datetime, until: dt.datetime) -> Select[*tuple[Any, ...]]:
    """Those that were under way meanwhile."""
    return (
        select(
            Refund.transaction_id,
            Refund.amount,
            Refund.currency,
            Refund.state,
            Refund.created_at,
            Transaction.email,
        )
        .join(Transaction, Transaction.id == Refund.transaction_id)
        .where(
            Refund.created_at <= until,
            Refund.state_at >= since,
            _went_wrong(since, until, HistoryEntry.what.startswith("stripe.refund_")),
        )
        .order_by(Refund.created_at.desc(), Refund.id)
    )


def _of_stripe(since: dt.datetime, until: dt.datetime) -> ColumnElement[bool]:
    return and_(
        Transaction.created_at <= until,
        or_(Transaction.ended_at.is_(None), Transaction.ended_at >= since),
        _went_wrong(since, until),
    )


def _went_wrong(
    since: dt.datetime, until: dt.datetime, *of: ColumnElement[bool]
) -> ColumnElement[bool]:
    verdict = HistoryEntry.data["verdict"].as_string()
    slow = HistoryEntry.data["milliseconds"].as_integer() > 1000 * SLOW_SECONDS
    return exists().where(
        HistoryEntry.transaction_id == Transaction.id,
        HistoryEntry.kind == "stripe",
        HistoryEntry.at.between(since, until),
        or_(verdict.in_(sorted(FAILING)), slow, HistoryEntry.what == "stripe.retry"),
        *of,
    )
