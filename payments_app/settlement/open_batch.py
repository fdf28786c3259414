"""open_batch: the batch that a movement goes into: its business day's, or the next open one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import insert_once
from payments_app.core.jobs import outbox
from payments_app.merchants.models import Merchant
from payments_app.merchants.zones import zone_named
from payments_app.settlement.days import business_day, ends_at, starts_at
from payments_app.settlement.models import Batch

CLOSE = "settlement.close"
# What was paid a moment before the cut-off is settled after it.
CLOSE_AFTER_SECONDS = 15 * 60


def open_batch(
    session: Session, merchant: Merchant, occurred_at: dt.datetime, currency: str
) -> Batch:
    """The batch of the movement's day, kept open; where it is closed, of the day that it is now (or
    the first after that which is open)."""
    zone = zone_named(merchant.timezone)
    if zone.key != merchant.timezone:
        _tell_of_zone(session, merchant, zone)
    day = business_day(occurred_at, zone, merchant.cutoff)
    batch = _batch(session, merchant, day, currency)
    if batch.closed_at is not None:
        day = max(day, business_day(_now(session), zone, merchant.cutoff))
    while batch.closed_at is not None:
        batch = _batch(session, merchant, day, currency)
        day += dt.timedelta(days=1)
    return batch


def _batch(session: Session, merchant: Merchant, day: dt.date, currency: str) -> Batch:
    """The batch of this day, as it is until the caller commits; made on first sight, with the
    message that will close it."""
    zone = zone_named(merchant.timezone)
    batch_id, end = new_id("stl"), ends_at(day, zone, merchant.cutoff)
    fresh = insert_once(
        session,
        Batch,
        id=batch_id,
        merchant_id=merchant.id,
        business_day=day,
        currency=currency,
        timezone=zone.key,
        starts_at=starts_at(day, zone, merchant.cutoff),
        ends_at=end,
    )
    if fresh:
        left = (end - _now(session)).total_seconds()
        outbox.stage(session, CLOSE, batch_id, delay=max(0.0, left) + CLOSE_AFTER_SECONDS)
    named = select(Batch.id).where(
        Batch.merchant_id == merchant.id, Batch.business_day == day, Batch.currency == currency
    )
    # A shared lock: lines are added side by side, and no batch is closed meanwhile.
    return session.get_one(
        Batch,
        session.scalars(named).one(),
        with_for_update={"read": True},
        populate_existing=True,
    )


def _tell_of_zone(session: Session, merchant: Merchant, zone: ZoneInfo) -> None:
    alerts.raise_alert(
        session,
        "unknown_zone",
        f"unknown_zone:{merchant.id}",
        f"{merchant.id} has the time zone {merchant.timezone!r}, which there is not: its days are "
        f"settled in {zone.key}",
        merchant=merchant.id,
    )


def _now(session: Session) -> dt.datetime:
    return session.execute(select(database_now())).scalar_one()
