"""endpoint_health: how an endpoint fares, and switching off one that has failed for long."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.merchants.endpoints import switch_off
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.notices import mails
from payments_app.notices.call import Outcome
from payments_app.notices.webhook_retries import RateLimitedError

SWITCH_OFF_SECONDS = 3 * 24 * 3600
SWITCH_OFF_FAILURES = (
    10  # more than one event's nine calls: an event in three days is too few to say
)
GONE = 410  # the endpoint itself asks for no more (Standard Webhooks)
OFF = "endpoint_off"


def note_health(session: Session, endpoint: Endpoint, outcome: Outcome) -> None:
    """Count the outcome on the locked endpoint, in the caller's transaction. One that has failed
    for SWITCH_OFF_SECONDS without a single success is switched off, and its merchant told."""
    if outcome.problem is None:
        endpoint.failures, endpoint.failing_since = 0, None
        return
    if isinstance(outcome.problem, RateLimitedError):
        return  # busy is not broken
    endpoint.failures += 1
    if endpoint.failing_since is None:
        endpoint.failing_since = database_now()
    session.flush()
    if outcome.status == GONE:
        _give_up(session, endpoint, "it answered 410 Gone")
    elif endpoint.failures >= SWITCH_OFF_FAILURES and _long(session, endpoint):
        _give_up(session, endpoint, f"every call failed for three days: {outcome.problem}")


def _long(session: Session, endpoint: Endpoint) -> bool:
    since = Endpoint.failing_since < database_now(-SWITCH_OFF_SECONDS)
    count = select(func.count()).select_from(Endpoint).where(Endpoint.id == endpoint.id, since)
    return bool(session.scalar(count))


def _give_up(session: Session, endpoint: Endpoint, reason: str) -> None:
    if not endpoint.enabled:
        return
    switch_off(session, endpoint, reason)
    session.flush()
    session.refresh(endpoint)
    merchant = session.get_one(Merchant, endpoint.merchant_id)
    mails.write(
        session,
        OFF,
        f"{endpoint.id}_{endpoint.disabled_at:%Y%m%dT%H%M%S}",
        merchant.email,
        "We turned off your webhook endpoint",
        url=endpoint.url,
        reason=reason,
    )
