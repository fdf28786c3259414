"""Stripe's events, each once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.extensions import Base

STATES = ("received", "processed", "ignored", "quarantined")
RECEIVED, PROCESSED, IGNORED, QUARANTINED = STATES


class StripeEvent(Base):
    """An event by Stripe's own id. The body is not kept: the object is read again at Stripe.

    `received` waits to be worked on, `processed` was, `ignored` is of a kind that nothing handles,
    of a merchant's test mode beside a live key, or of a sale of theirs without us; `quarantined`
    does not fit what we know, for the `reason` given, and moved nothing.
    """

    __tablename__ = "pay_stripe_events"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    object_id: Mapped[str | None] = mapped_column(Key(80))
    account: Mapped[str | None] = mapped_column(Key(80))
    livemode: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16), default=RECEIVED)
    reason: Mapped[str | None] = mapped_column(Text)
    transaction_id: Mapped[str | None] = mapped_column(ForeignKey("pay_transactions.id"))
    deliveries: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    ended_at: Mapped[dt.datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('received', 'processed', 'ignored', 'quarantined')", name="state"
        ),
        Index("pay_stripe_events_object_id_type_idx", "object_id", "type"),
        Index("pay_stripe_events_state_received_at_idx", "state", "received_at"),
    )
