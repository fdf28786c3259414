"""late_work: whom a late queue of ours touches: now, and in a time that is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from payments_app.attention.facts import payments_of
from payments_app.core.alerts import Alert
from payments_app.core.jobs.due import claimable
from payments_app.core.jobs.outbox import Message
from payments_app.inbound.models import StripeEvent
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.ops.diagnosis import late_seconds
from payments_app.payments.models import Transaction

MOST_NOW = 1000  # each page of staff asks
MOST_THEN = 20_000
# What was late as the queue was in time again is begun soon, and ends within its lease and a call.
_ENDS = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Late:
    """`payments` of so many `customers` that the jobs are about, the oldest due `since`; the open
    alert of it, if it was raised yet. Numbers are floors where it is not `exact`: of more than
    MOST_NOW jobs the oldest are looked at."""

    payments: int
    customers: int
    since: dt.datetime | None
    alert_id: int | None
    exact: bool = True


@dataclass(frozen=True)
class Jobs:
    """Those that were late: how many are `done`, `wait` still, or are `dead`; at least so many
    where not all jobs of that time were looked at, but the first `of`."""

    done: int = 0
    wait: int = 0
    dead: int = 0
    of: int | None = None


def late_now(session: Session, queues: Collection[str]) -> Late:
    """Whom these queues touch now."""
    due = (
        select(Message.subject, Message.available_at)
        .where(Message.queue.in_(queues), *claimable())
        .order_by(Message.available_at)
        .limit(MOST_NOW + 1)
    )
    found = session.execute(due).all()
    rows = found[:MOST_NOW]
    ids = _payments_of(session, (row.subject for row in rows))
    customers = session.scalar(
        select(func.count(func.distinct(Transaction.email))).where(Transaction.id.in_(ids))
    )
    open_ = select(func.min(Alert.id)).where(
        Alert.key.in_([f"late:{queue}" for queue in queues]), Alert.acknowledged_at.is_(None)
    )
    since = rows[0].available_at if rows else None
    exact = len(found) == len(rows)
    return Late(len(ids), customers or 0, since, session.scalar(open_), exact)


def late_then(
    session: Session, queue: str, since: dt.datetime, until: dt.datetime
) -> tuple[set[str], Jobs]:
    """The payments that jobs of this queue were about which waited too long in that time, and how
    these stand now."""
    ended = func.coalesce(Message.done_at, Message.dead_at)
    found = session.execute(
        select(Message.subject, Message.available_at, Message.done_at, Message.dead_at)
        .where(
            Message.queue == queue,
            Message.available_at <= until,
            or_(
                and_(Message.done_at.is_(None), Message.dead_at.is_(None)),
                Message.done_at.between(since, until + _ENDS),
                Message.dead_at.between(since, until + _ENDS),
            ),
        )
        .order_by(ended, Message.id)
        .limit(MOST_THEN + 1)
    ).all()
    rows = found[:MOST_THEN]
    least = dt.timedelta(seconds=late_seconds(queue))
    late = [row for row in rows if (row.done_at or row.dead_at or until) - row.available_at > least]
    dead = sum(row.dead_at is not None for row in late)
    done = sum(row.done_at is not None for row in late)
    of = MOST_THEN if len(found) > len(rows) else None
    jobs = Jobs(done, len(late) - done - dead, dead, of)
    return _payments_of(session, (row.subject for row in late)), jobs


def _payments_of(session: Session, subjects: Iterable[str]) -> set[str]:
    """Those of events of Stripe's and of calls to merchants' endpoints, too."""
    left = set(subjects)
    found = payments_of(session, left)
    for owners in (
        select(StripeEvent.transaction_id).where(StripeEvent.id.in_(left)),
        select(WebhookEvent.transaction_id).join(Delivery).where(Delivery.id.in_(left)),
    ):
        found.update(owner for owner in session.scalars(owners) if owner)
    return found
