"""clean_up: done messages go after 30 days, those of the schedule after one. The dead stay. From
where a payment was asked for is forgotten after a day, and so are sign-in links and who asked for
them. What is encrypted is so under the newest key."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, delete, or_, select
from sqlalchemy.orm import Session

from payments_app.accounts import second_factor
from payments_app.checkout.velocity_fingerprints import KEEP_SECONDS as KEEP_FINGERPRINTS_SECONDS
from payments_app.checkout.velocity_fingerprints import VelocityFingerprint
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.heartbeats import Heartbeat
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.scheduler import schedule
from payments_app.core.web.limits import forget_counters
from payments_app.core.web.link_requests import LinkRequest
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.ops.policy_reports import forget_reports
from payments_app.orders.large_holds import forget_unfinished

DAY = 86_400
KEEP_SECONDS = 30 * DAY
KEEP_PERIODIC_SECONDS = DAY
BATCH = 1000


def clean_up() -> int:
    """Delete in small transactions, so that nobody waits for it; return how many went."""
    periodic = [job.command for job in schedule()]
    old = or_(
        Message.done_at < database_now(-KEEP_SECONDS),
        and_(Message.done_at < database_now(-KEEP_PERIODIC_SECONDS), Message.command.in_(periodic)),
    )
    forget_counters()
    _encrypt_anew()
    total = _forget_marks() + forget_unfinished()
    while True:
        gone = _delete(old)
        total += gone
        if gone < BATCH:
            return total


@atomic
def _encrypt_anew(session: Session) -> None:
    second_factor.encrypt_anew(session)


@atomic
def _forget_marks(session: Session) -> int:
    old = (
        delete(VelocityFingerprint).where(
            VelocityFingerprint.created_at < database_now(-KEEP_FINGERPRINTS_SECONDS)
        ),
        delete(LinkRequest).where(LinkRequest.created_at < database_now(-DAY)),
        delete(VisitorSession).where(VisitorSession.expires_at < database_now(-KEEP_SECONDS)),
        delete(OneTimeLink).where(OneTimeLink.expires_at < database_now(-DAY)),
        delete(Heartbeat).where(Heartbeat.seen_at < database_now(-DAY)),
    )
    gone = sum(cast("CursorResult[Any]", session.execute(one)).rowcount for one in old)
    return gone + forget_reports(session)


@atomic
def _delete(session: Session, old: ColumnElement[bool]) -> int:
    some = select(Message.id).where(old).order_by(Message.id).limit(BATCH).scalar_subquery()
    result = session.execute(delete(Message).where(Message.id.in_(some)))
    return cast("CursorResult[Any]", result).rowcount
