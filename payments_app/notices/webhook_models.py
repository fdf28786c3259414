"""Merchants' webhooks: the event, its delivery to each endpoint, and every attempt at one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base


class WebhookEvent(Base):
    """What happened, once: `id` is `webhook_<payment>_<event>`, by which a merchant knows it
    again. `body` is what is sent, to the byte. A test's event is about no payment."""

    __tablename__ = "pay_webhook_events"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("pay_merchants.id"))
    transaction_id: Mapped[str | None] = mapped_column(
        ForeignKey("pay_transactions.id"), index=True
    )
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (Index("pay_webhook_events_merchant_idx", "merchant_id", "created_at", "id"),)


class Delivery(Base):
    """One event on its way to one endpoint: `waiting` -> `sending` (until `taken_until`) ->
    `delivered`; `dead` after the last try, `skipped` where the endpoint was switched off."""

    __tablename__ = "pay_webhook_deliveries"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("whd"))
    event_id: Mapped[str] = mapped_column(ForeignKey("pay_webhook_events.id"))
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("pay_merchant_endpoints.id"))
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    rounds: Mapped[int] = mapped_column(default=1)
    taken_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    delivered_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        CheckConstraint(
            "state IN ('waiting', 'sending', 'delivered', 'dead', 'skipped')", name="state"
        ),
        CheckConstraint("(state = 'sending') = (taken_until IS NOT NULL)", name="taken"),
        Index("pay_webhook_deliveries_endpoint_idx", "endpoint_id", "state", "created_at"),
    )

    @property
    def is_under_way(self) -> bool:
        """Whether it waits for its call, or is being sent."""
        return self.state in {"waiting", "sending"}


class Attempt(Base):
    """One call: the HTTP status (None: there was no answer), milliseconds, and what went wrong."""

    __tablename__ = "pay_webhook_attempts"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("pay_webhook_deliveries.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    status: Mapped[int | None]
    milliseconds: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(300))
