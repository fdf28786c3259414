"""lock: one subscription, which nobody else changes until the caller's transaction ends."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.subscriptions.models import Subscription


def lock(session: Session, subscription_id: str) -> Subscription:
    """The subscription, locked until the end of the caller's transaction."""
    return session.scalars(
        select(Subscription)
        .where(Subscription.id == subscription_id)
        .with_for_update(of=Subscription)
        .execution_options(populate_existing=True)
    ).one()
