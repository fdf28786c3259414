"""endpoint_health: how an endpoint fares, telling its owner that it fails, and switching it off."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.reader_time import time_of
from payments_app.merchants.endpoints import forget_failures, switch_off
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.notices import mails
from payments_app.notices.call import Outcome
from payments_app.notices.webhook_retries import RateLimitedError

SWITCH_OFF_SECONDS = 3 * 24 * 3600
SWITCH_OFF_FAILURES = (
    10  # more than one event's nine calls: an event in three days is too few to say
)
WARNED_AT = (90, 70, 50)  # percent of the way to both; at 100 it is switched off
GONE = 410  # the endpoint itself asks for no more (Standard Webhooks)
OFF, FAILING = "endpoint_off", "endpoint_failing"


def note_health(session: Session, endpoint: Endpoint, outcome: Outcome) -> None:
    """Count the outcome on the locked endpoint, in the caller's transaction. One that has failed
    for SWITCH_OFF_SECONDS without a single success is switched off; its merchant is told on the
    way there (WARNED_AT), once each, and then."""
    if outcome.problem is None:
        forget_failures(endpoint)
        return
    if isinstance(outcome.problem, RateLimitedError):
        return  # busy is not broken
    endpoint.failures += 1
    now = session.execute(select(database_now())).scalar_one()
    endpoint.failing_since = endpoint.failing_since or now
    share = min(
        endpoint.failures / SWITCH_OFF_FAILURES,
        (now - endpoint.failing_since).total_seconds() / SWITCH_OFF_SECONDS,
    )
    if outcome.status == GONE:
        _give_up(session, endpoint, "it answered 410 Gone")
    elif share >= 1:
        _give_up(session, endpoint, f"every call failed for three days: {outcome.problem}")
    else:
        reached = next((percent for percent in WARNED_AT if share * 100 >= percent), 0)
        if reached > endpoint.warned:
            endpoint.warned = reached
            _warn(session, endpoint, endpoint.failing_since, str(outcome.problem))


def _warn(session: Session, endpoint: Endpoint, since: dt.datetime, reason: str) -> None:
    owner = _owner(session, endpoint)
    mails.write(
        session,
        FAILING,
        f"{endpoint.id}_{since:%Y%m%dT%H%M%S}_{endpoint.warned}",
        owner.email,
        "Your webhook endpoint does not take our events",
        url=endpoint.url,
        reason=reason,
        failures=endpoint.failures,
        since=_words(since, owner),
        off=_words(since + dt.timedelta(seconds=SWITCH_OFF_SECONDS), owner),
    )


def _give_up(session: Session, endpoint: Endpoint, reason: str) -> None:
    if not endpoint.enabled:
        return
    switch_off(session, endpoint, reason)
    session.flush()
    session.refresh(endpoint)
    mails.write(
        session,
        OFF,
        f"{endpoint.id}_{endpoint.disabled_at:%Y%m%dT%H%M%S}",
        _owner(session, endpoint).email,
        "We turned off your webhook endpoint",
        url=endpoint.url,
        reason=reason,
    )


def _owner(session: Session, endpoint: Endpoint) -> Merchant:
    return session.get_one(Merchant, endpoint.merchant_id)


def _words(moment: dt.datetime, owner: Merchant) -> str:
    """As the merchant's own pages write it, in their zone, which a mail has to name."""
    return time_of(moment, "%m/%d/%Y %I:%M %p %Z", owner.timezone)
