"""replay: send an endpoint again all that happened since a time, such as after a day of its own."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.merchants import endpoints
from payments_app.merchants.models import Endpoint
from payments_app.merchants.topics import TOPICS
from payments_app.notices.announce import stage_first
from payments_app.notices.deliver import EndpointOffError, stage_again
from payments_app.notices.webhook_models import Delivery, WebhookEvent

MOST = 1000


class TooManyEventsError(Exception):
    """More than MOST events happened since then."""

    def __init__(self) -> None:
        super().__init__(f"More than {MOST:,} events happened since then. Choose a later time.")


@atomic
def replay(session: Session, endpoint_id: str, since: dt.datetime, actor: str) -> int:
    """Send each event since then, of those that the endpoint asks for, once more and return how
    many: with the ids and bodies that they had, oldest first. What is on its way already is left.

    Raises EndpointOffError, TooManyEventsError, NoResultFound.
    """
    endpoint = endpoints.lock(session, endpoint_id)
    if not endpoint.enabled:
        raise EndpointOffError(f"{endpoint_id} is switched off")
    events = list(session.scalars(_happened(endpoint, since)))
    if len(events) > MOST:
        raise TooManyEventsError
    made = select(Delivery).where(
        Delivery.endpoint_id == endpoint_id, Delivery.event_id.in_(events)
    )
    known = {one.event_id: one for one in session.scalars(made.with_for_update())}
    sent = 0
    for event_id in events:
        delivery = known.get(event_id)
        if delivery is None:
            stage_first(session, event_id, endpoint_id)
        elif delivery.state in {"waiting", "sending"}:
            continue
        else:
            stage_again(session, delivery)
        sent += 1
    history.record(
        session,
        "staff",
        "merchant_endpoint.replayed",
        actor=actor,
        subject=endpoint_id,
        merchant=endpoint.merchant_id,
        since=since.isoformat(),
        count=str(sent),
    )
    return sent


def _happened(endpoint: Endpoint, since: dt.datetime) -> Select[str]:
    return (
        select(WebhookEvent.id)
        .where(
            WebhookEvent.merchant_id == endpoint.merchant_id,
            WebhookEvent.created_at >= since,
            WebhookEvent.type.in_(endpoint.topics or TOPICS),
        )
        .order_by(WebhookEvent.created_at, WebhookEvent.id)
        .limit(MOST + 1)
    )
