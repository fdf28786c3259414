"""deliveries: what was sent to an endpoint, newest first, with each attempt."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.web.part import Part, part_of
from payments_app.merchants.models import Endpoint
from payments_app.notices.webhook_models import Attempt, Delivery, WebhookEvent

SHOWN = 50


@dataclass(frozen=True)
class Sent:
    """One delivery with its event's type, and its attempts, oldest first."""

    delivery: Delivery
    type: str
    attempts: list[Attempt]


def deliveries_of(session: Session, endpoint_id: str) -> Part:
    """The deliveries to an endpoint, newest first, SHOWN on a page."""
    query = (
        select(Delivery, WebhookEvent.type)
        .join(WebhookEvent, WebhookEvent.id == Delivery.event_id)
        .where(Delivery.endpoint_id == endpoint_id)
        .order_by(Delivery.created_at.desc(), Delivery.id)
    )
    part = part_of(session, query, "deliveries", SHOWN)
    attempts: dict[str, list[Attempt]] = {row[0].id: [] for row in part.rows}
    tried = select(Attempt).where(Attempt.delivery_id.in_(attempts)).order_by(Attempt.id)
    for attempt in session.scalars(tried):
        attempts[attempt.delivery_id].append(attempt)
    return part.of(Sent(row[0], row[1], attempts[row[0].id]) for row in part.rows)


def endpoints_of(session: Session, merchant_id: str) -> list[Endpoint]:
    """A merchant's endpoints, oldest first."""
    own = select(Endpoint).where(Endpoint.merchant_id == merchant_id)
    return list(session.scalars(own.order_by(Endpoint.created_at, Endpoint.id)))


def own_endpoint(session: Session, merchant_id: str, endpoint_id: str) -> Endpoint | None:
    """An endpoint of this merchant's; None for anybody else's as for none."""
    return session.scalar(
        select(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.merchant_id == merchant_id)
    )


def is_sent_to(session: Session, delivery_id: str, endpoint_id: str) -> bool:
    """Whether a delivery is one to this endpoint."""
    found = select(Delivery.id).where(
        Delivery.id == delivery_id, Delivery.endpoint_id == endpoint_id
    )
    return session.scalar(found) is not None
