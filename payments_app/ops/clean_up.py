"""clean_up: what is over goes after its time, as docs/keeping.md says, in small batches. Dead
messages stay. Nothing goes whose unique key keeps money from moving twice. What is encrypted is so
under the newest key."""

from __future__ import annotations

import time
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, and_, delete, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from payments_app.accounts import second_factor
from payments_app.accounts.models import StaffSession
from payments_app.checkout.velocity_fingerprints import KEEP_SECONDS as KEEP_FINGERPRINTS_SECONDS
from payments_app.checkout.velocity_fingerprints import VelocityFingerprint
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.heartbeats import Heartbeat
from payments_app.core.jobs.job_times import forget_times
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.scheduler import schedule
from payments_app.core.web.limits import forget_counters
from payments_app.core.web.link_requests import LinkRequest
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.inbound.models import IGNORED, PROCESSED, StripeEvent
from payments_app.notices.webhook_models import Attempt
from payments_app.ops.policy_reports import forget_reports
from payments_app.orders.large_holds import forget_unfinished
from payments_app.reconcile.models import Run

DAY = 86_400
KEEP_SECONDS = 30 * DAY
KEEP_PERIODIC_SECONDS = DAY
KEEP_EVENTS_SECONDS = 90 * DAY  # Stripe itself lists them for 30
KEEP_ATTEMPTS_SECONDS = 90 * DAY
KEEP_RUNS_SECONDS = 90 * DAY
BATCH = 1000
MOST_SECONDS = 200.0  # in one run; the next one goes on. A message may take 290

Old = tuple[InstrumentedAttribute[Any], Select[Any]]


def clean_up() -> int:
    """Delete in small transactions, so that nobody waits for it; return how many went."""
    forget_counters()
    _encrypt_anew()
    total, ends = _forget_fingerprints() + forget_unfinished(), time.monotonic() + MOST_SECONDS
    for old in _old():
        gone = BATCH
        while gone == BATCH and time.monotonic() < ends:
            gone = _delete(old)
            total += gone
    return total


def _old() -> tuple[Old, ...]:
    """What is over, table by table: its key, and the keys of a batch of old rows."""
    ended = StripeEvent.state.in_((PROCESSED, IGNORED))
    return (
        (Message.id, select(Message.id).where(_is_old_message()).order_by(Message.id)),
        (
            StripeEvent.id,
            select(StripeEvent.id).where(
                ended, StripeEvent.received_at < database_now(-KEEP_EVENTS_SECONDS)
            ),
        ),
        (
            StaffSession.token_hash,
            select(StaffSession.token_hash).where(
                StaffSession.seen_at < database_now(-KEEP_SECONDS)
            ),
        ),
        _oldest(Attempt.id, Attempt.at, KEEP_ATTEMPTS_SECONDS),
        _oldest(Run.id, Run.started_at, KEEP_RUNS_SECONDS),
    )


def _oldest(key: InstrumentedAttribute[Any], at: InstrumentedAttribute[Any], keep: float) -> Old:
    """Of a table that is counted as time passes, and of which all goes: only its first rows are
    looked at, or a table without old ones would be read whole each time."""
    first = select(key.label("key"), at.label("at")).order_by(key).limit(BATCH).subquery()
    return key, select(first.c.key).where(first.c.at < database_now(-keep))


def _is_old_message() -> ColumnElement[bool]:
    periodic = [job.command for job in schedule()]
    return or_(
        Message.done_at < database_now(-KEEP_SECONDS),
        and_(Message.done_at < database_now(-KEEP_PERIODIC_SECONDS), Message.command.in_(periodic)),
    )


@atomic
def _encrypt_anew(session: Session) -> None:
    second_factor.encrypt_anew(session)


@atomic
def _forget_fingerprints(session: Session) -> int:
    old = (
        delete(VelocityFingerprint).where(
            VelocityFingerprint.created_at < database_now(-KEEP_FINGERPRINTS_SECONDS)
        ),
        delete(LinkRequest).where(LinkRequest.created_at < database_now(-DAY)),
        delete(VisitorSession).where(VisitorSession.expires_at < database_now(-KEEP_SECONDS)),
        delete(OneTimeLink).where(OneTimeLink.expires_at < database_now(-DAY)),
        forget_times(),
        delete(Heartbeat).where(Heartbeat.seen_at < database_now(-DAY)),
    )
    gone = sum(cast("CursorResult[Any]", session.execute(one)).rowcount for one in old)
    return gone + forget_reports(session)


@atomic
def _delete(session: Session, old: Old) -> int:
    key, asked = old
    gone = delete(key.class_).where(key.in_(asked.limit(BATCH).scalar_subquery()))
    return cast("CursorResult[Any]", session.execute(gone)).rowcount
