"""try_endpoint: send an endpoint an event about nothing, so that its merchant sees it answer."""

from __future__ import annotations

import json

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now, rfc3339
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.merchants import endpoints
from payments_app.merchants.models import Endpoint
from payments_app.notices.announce import DELIVER, VERSION
from payments_app.notices.record_delivery import record_delivery
from payments_app.notices.resend import EndpointOffError
from payments_app.notices.webhook_models import Delivery, WebhookEvent

TEST = "test"
TESTS_AN_HOUR = 30  # of one merchant


class TooManyTestsError(Exception):
    """The test before this one is still under way, or there were many; its words say which."""


@atomic
def try_endpoint(session: Session, endpoint_id: str, actor: str) -> str:
    """Store a test event for this endpoint alone, with its delivery; return the delivery's id.

    Raises EndpointOffError, TooManyTestsError.
    """
    endpoint = endpoints.lock(session, endpoint_id)
    if not endpoint.enabled:
        raise EndpointOffError(f"{endpoint_id} is switched off")
    _refuse_many(session, endpoint)
    key = f"webhook_{new_id('whtest')}_{TEST}"
    now = rfc3339(session.execute(select(database_now())).scalar_one())
    body = {"id": key, "type": TEST, "version": VERSION, "timestamp": now, "data": {}}
    session.add(
        WebhookEvent(
            id=key,
            type=TEST,
            merchant_id=endpoint.merchant_id,
            body=json.dumps(body, separators=(",", ":")),
        )
    )
    session.flush()
    delivery = Delivery(event_id=key, endpoint_id=endpoint_id)
    session.add(delivery)
    session.flush()
    outbox.stage(session, DELIVER, delivery.id)
    record_delivery(session, delivery, "test_asked", actor=actor)
    return delivery.id


def _refuse_many(session: Session, endpoint: Endpoint) -> None:
    """Each test is a call that may last: they are for a person who looks at what comes of them."""
    tests = select(Delivery.id).join(WebhookEvent, WebhookEvent.id == Delivery.event_id)
    under_way = tests.where(
        Delivery.endpoint_id == endpoint.id,
        Delivery.state.in_(("waiting", "sending")),
        WebhookEvent.type == TEST,
    )
    if session.scalar(under_way.limit(1)) is not None:
        raise TooManyTestsError(
            "A test event is on its way to this endpoint. See its result first."
        )
    lately = select(func.count()).where(
        WebhookEvent.merchant_id == endpoint.merchant_id,
        WebhookEvent.type == TEST,
        WebhookEvent.created_at > database_now(-3600),
    )
    if (session.scalar(lately) or 0) >= TESTS_AN_HOUR:
        raise TooManyTestsError(
            f"You sent {TESTS_AN_HOUR} test events within an hour. Wait before you send more."
        )
