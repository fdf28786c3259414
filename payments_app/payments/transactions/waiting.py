"""waiting: payments that take longer than a charge does, since when, and when they are tried
again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.history import HistoryEntry
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.gateway.results import Verdict
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

NORMAL_SECONDS = 7.0  # a charge with a slow bank takes that long
OURS = (Phase.CREATED, Phase.PROCESSING, Phase.UNKNOWN)
NEXT = ("charge", "look_up")  # what takes such a payment further
# Of calls that brought nothing: not Stripe's answer to the payment.
FAILING = frozenset({Verdict.LATER, Verdict.UNKNOWN, Verdict.MISCONFIGURED})


@dataclass(frozen=True)
class Wait:
    """Of one payment. `tried_at` is the last of several calls to Stripe, `next_at` when the next
    is due; while `running` it is made now. `begun`: a worker has taken it up at all."""

    since: dt.datetime
    begun: bool
    running: bool
    tried_at: dt.datetime | None
    next_at: dt.datetime | None


def is_waiting() -> ColumnElement[bool]:
    """Condition on Transaction: it waits for Stripe, or for a worker of ours. Nobody else's turn
    it is, such as its buyer's or the bank's."""
    return and_(Transaction.phase.in_(OURS), Transaction.phase_at < database_now(-NORMAL_SECONDS))


def wait_of(session: Session, transaction_id: str) -> Wait | None:
    """Since when a payment waits for Stripe or a worker; None where it does not."""
    found = session.execute(
        select(Transaction.phase, Transaction.phase_at, database_now().label("now")).where(
            Transaction.id == transaction_id
        )
    ).one()
    if found.phase not in OURS:
        return None
    failed = _failed_calls(session, transaction_id)
    since = min([found.phase_at, *failed])
    if (found.now - since).total_seconds() < NORMAL_SECONDS:
        return None
    message = session.execute(
        select(Message.available_at, Message.leased_until)
        .where(Message.subject == transaction_id, Message.command.in_(NEXT), *OPEN)
        .order_by(Message.available_at)
        .limit(1)
    ).first()
    return Wait(
        since=since,
        begun=found.phase != Phase.CREATED,
        running=bool(message and message.leased_until and message.leased_until > found.now),
        tried_at=failed[-1] if len(failed) > 1 else None,
        next_at=message.available_at if message and message.available_at > found.now else None,
    )


def _failed_calls(session: Session, transaction_id: str) -> list[dt.datetime]:
    """When Stripe was asked in vain since it last answered, the first one first."""
    rows = session.execute(
        select(HistoryEntry.at, HistoryEntry.data)
        .where(HistoryEntry.transaction_id == transaction_id, HistoryEntry.kind == "stripe")
        .order_by(HistoryEntry.id.desc())
    )
    failed = []
    for at, data in rows:
        verdict = as_object(data).get("verdict")
        if verdict in FAILING:
            failed.append(at)
        elif verdict is not None:
            break
    return failed[::-1]
