"""deliver: one event to one endpoint; and once more, when somebody asks.

Taken first, called without a row held, noted after: two workers at one delivery call it once, and
one that dies between is called again with the same webhook-id, which the merchant knows.
"""

from __future__ import annotations

import math
import random
import threading
import time
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.core.web.signing import signed_headers
from payments_app.merchants import endpoints
from payments_app.merchants.address import Guard
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.notices.announce import DELIVER
from payments_app.notices.call import Outcome, call
from payments_app.notices.endpoint_health import note_health
from payments_app.notices.record_delivery import record_delivery
from payments_app.notices.webhook_models import Attempt, Delivery, WebhookEvent
from payments_app.notices.webhook_retries import POLICY

TAKE_SECONDS = (
    30  # longer than a look-up and a call can last; a killed worker holds its turn as long
)
AT_ONCE = 2  # calls to one endpoint; one while it fails: it must not hold all of our threads
OF_MERCHANT = 3  # calls to all endpoints of one merchant
MANY = 10  # calls of this process, half of its threads: beyond them one to each merchant
QUICK_MILLISECONDS = 3000  # who took longer, or was not called yet, is called by MANY at most
SLOW_SECONDS = 3600  # for so long after each slow call; else one that alternates has any thread
TURNS = 20  # a second, that the deliveries waiting for one merchant ask whether it is theirs
_MOST_COUNTED = 2000
_called: dict[str, str] = {}  # the endpoint of each delivery that this process is sending
_slow_until: dict[str, float] = {}  # by endpoint that this process called; see _is_slow
_lock = threading.Lock()


@dataclass(frozen=True)
class Parcel:
    """A delivery that was taken, as plain data."""

    delivery_id: str
    endpoint_id: str
    event_id: str
    url: str
    body: str
    secrets: tuple[str, ...]

    def headers(self) -> dict[str, str]:
        """Signed now: a receiver refuses what is minutes old."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "payments-webhooks/1",
            "Idempotency-Key": self.event_id,
            **signed_headers(self.event_id, int(time.time()), self.body, self.secrets),
        }


def deliver(delivery_id: str, claim: Claim) -> None:
    """The command. Raises Later while others call the endpoint, else what went wrong, which
    decides (WebhookPolicy) when it is tried again."""
    guard = Guard(allow_loopback=current_app.config["CONFIG"].sandboxed)
    try:
        parcel = _take(delivery_id)
        if parcel is None:
            return
        outcome = call(guard, parcel.url, parcel.headers(), parcel.body)
    finally:
        _called.pop(delivery_id, None)
    _learn(parcel.endpoint_id, is_quick=outcome.milliseconds <= QUICK_MILLISECONDS)
    last = outcome.problem is not None and POLICY.wait(claim.failures, outcome.problem) is None
    _note(delivery_id, outcome, last=last)
    if outcome.problem is not None:
        raise outcome.problem


def round_key(delivery_id: str, rounds: int) -> str:
    """Of the message of a delivery's round after its first."""
    return f"{DELIVER}:{delivery_id}:{rounds}"


def lock_merchant(session: Session, merchant_id: str) -> None:
    """Their row, after an endpoint's; not against new rows that name it."""
    locked = select(Merchant.id).where(Merchant.id == merchant_id)
    session.execute(locked.with_for_update(key_share=True))


def on_their_way(session: Session, merchant_id: str, most: int) -> int:
    """How many deliveries wait for, or are sent to, a merchant's endpoints; `most` are counted."""
    waiting = (
        select(Delivery.id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(Endpoint.merchant_id == merchant_id, Delivery.state.in_(("waiting", "sending")))
        .limit(most)
    )
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


@atomic
def _take(session: Session, delivery_id: str) -> Parcel | None:
    endpoint, delivery = lock_delivery(session, delivery_id)
    if delivery.state in {"delivered", "skipped"}:
        return None
    if not endpoint.enabled:
        delivery.state, delivery.taken_until = "skipped", None
        record_delivery(session, delivery, "skipped")
        return None
    in_flight = _in_flight(session, endpoint.merchant_id)
    to_it = [one for one, its in in_flight.items() if its == endpoint.id]
    if delivery.id in to_it or len(to_it) >= (1 if endpoint.failures else AT_ONCE):
        raise Later(_turn(session, endpoint), "the endpoint is being called")
    if len(in_flight) >= (OF_MERCHANT if len(_called) < MANY else 1):
        raise Later(_turn(session, endpoint), "the merchant's endpoints are being called")
    if not _may_be_called(delivery_id, endpoint.id):
        raise Later(_turn(session, endpoint), "slow endpoints are being called")
    delivery.state, delivery.taken_until = "sending", database_now(TAKE_SECONDS)
    event = session.get_one(WebhookEvent, delivery.event_id)
    secrets = _secrets(session, endpoint)
    return Parcel(delivery.id, endpoint.id, event.id, endpoint.url, event.body, secrets)


def _may_be_called(delivery_id: str, endpoint_id: str) -> bool:
    """Take a thread, where this process has one for this endpoint: those that are slow, of however
    many merchants, leave half of them to those that are quick."""
    with _lock:
        if _is_slow(endpoint_id) and sum(map(_is_slow, _called.values())) >= MANY:
            return False
        _called[delivery_id] = endpoint_id
        return True


def _is_slow(endpoint_id: str) -> bool:
    """Whether it was slow lately, or was not called by this process yet."""
    return time.monotonic() < _slow_until.get(endpoint_id, math.inf)


def _learn(endpoint_id: str, *, is_quick: bool) -> None:
    with _lock:
        if is_quick:
            _slow_until.setdefault(endpoint_id, 0.0)
        else:
            _slow_until[endpoint_id] = time.monotonic() + SLOW_SECONDS


def _in_flight(session: Session, merchant_id: str) -> dict[str, str]:
    """The endpoint of each delivery that is being sent to this merchant. Their row is locked, so
    that two of their endpoints can't count at once."""
    lock_merchant(session, merchant_id)
    rows = session.execute(
        select(Delivery.id, Delivery.endpoint_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(
            Endpoint.merchant_id == merchant_id,
            Delivery.state == "sending",
            Delivery.taken_until > database_now(),
        )
    )
    return {row.id: row.endpoint_id for row in rows}


def _turn(session: Session, endpoint: Endpoint) -> float:
    """Seconds until a delivery asks again. The more of the merchant's wait, the longer: a thousand
    that all ask every few seconds would keep our workers from everything else."""
    count = on_their_way(session, endpoint.merchant_id, _MOST_COUNTED)
    return random.uniform(1, 5) + random.uniform(0, 2) * count / TURNS  # noqa: S311 - jitter


@atomic
def _note(session: Session, delivery_id: str, outcome: Outcome, *, last: bool) -> None:
    """Log the attempt, and say where delivery and endpoint are after it."""
    endpoint, delivery = lock_delivery(session, delivery_id)
    problem = outcome.problem
    session.add(
        Attempt(
            delivery_id=delivery_id,
            status=outcome.status,
            milliseconds=outcome.milliseconds,
            error=str(problem)[:300] if problem else None,
        )
    )
    note_health(session, endpoint, outcome)
    if delivery.state != "sending":
        return  # whoever took it after us has said how it ended
    delivery.taken_until = None
    if problem is None:
        delivery.state, delivery.delivered_at = "delivered", database_now()
    else:
        delivery.state = "dead" if last else "waiting"
    if delivery.state != "waiting":
        record_delivery(session, delivery, delivery.state, error=str(problem) if problem else None)


def mark_delivery_dead(session: Session, delivery_id: str) -> None:
    """Its message died, of whatever: the delivery is dead as well, and may be asked for again."""
    _, delivery = lock_delivery(session, delivery_id)
    if delivery.state in {"waiting", "sending"}:
        delivery.state, delivery.taken_until = "dead", None
        record_delivery(session, delivery, "dead", error="its message died")


def lock_delivery(session: Session, delivery_id: str) -> tuple[Endpoint, Delivery]:
    """Both rows, the endpoint first: every writer locks in this order. Raises NoResultFound."""
    owner = select(Delivery.endpoint_id).where(Delivery.id == delivery_id)
    endpoint = endpoints.lock(session, session.scalars(owner).one())
    found = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    return endpoint, found


def _secrets(session: Session, endpoint: Endpoint) -> tuple[str, ...]:
    rotating = session.scalar(
        select(func.count())
        .select_from(Endpoint)
        .where(Endpoint.id == endpoint.id, Endpoint.old_secret_until > database_now())
    )
    if rotating and endpoint.old_secret:
        return (endpoint.secret, endpoint.old_secret)
    return (endpoint.secret,)
