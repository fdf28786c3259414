"""Deliveries: webhooks' rows as they are now."""

from __future__ import annotations

from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.merchants.models import Endpoint
from payments_app.notices.webhook_models import Attempt, Delivery
from tests.bystanders import own


def delivery() -> Delivery:
    db.session.rollback()
    return db.session.scalars(
        select(Delivery).where(own(Delivery)).execution_options(populate_existing=True)
    ).one()


def endpoint(endpoint_id: str) -> Endpoint:
    db.session.rollback()
    return db.session.get_one(Endpoint, endpoint_id, populate_existing=True)


def attempts() -> list[tuple[int | None, str | None]]:
    db.session.rollback()
    rows = db.session.execute(select(Attempt.status, Attempt.error).order_by(Attempt.id))
    return [(row.status, row.error) for row in rows]
