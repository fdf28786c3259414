"""record_delivery: the history of deliveries to merchants' endpoints."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.notices.webhook_models import Delivery, WebhookEvent


def record_delivery(
    session: Session,
    delivery: Delivery,
    what: str,
    *,
    actor: str = history.SYSTEM,
    error: str | None = None,
) -> None:
    """Append what became of a delivery to the history, in the caller's transaction."""
    event = session.get_one(WebhookEvent, delivery.event_id)
    history.record(
        session,
        "webhook" if actor == history.SYSTEM else "staff",
        f"merchant_webhook.{what}",
        actor=actor,
        transaction_id=event.transaction_id,
        subject=delivery.id,
        event=event.type,
        endpoint=delivery.endpoint_id,
        error=error,
    )
