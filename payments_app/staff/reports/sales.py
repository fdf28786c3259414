"""What was paid today and in the last 30 days, for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from payments_app.core.db.clock import rfc3339, utcnow
from payments_app.core.money import Money
from payments_app.payments.phases import State
from payments_app.staff.reports.queries import currencies, summed
from payments_app.staff.reports.rollups import Count, counts


@dataclass(frozen=True)
class Sales:
    """What was paid in one currency; `amount` in its minor units."""

    payments: int
    failed: int
    amount: int
    formatted: str


@dataclass(frozen=True)
class SalesSummary:
    """Sales by currency; `as_of` by RFC 3339."""

    zone: str
    as_of: str
    today: dict[str, Sales]
    last_30_days: dict[str, Sales]


def sales_summary(session: Session, zone: ZoneInfo) -> SalesSummary:
    """What was paid today and in the last 30 days, by currency, in minor units and in words."""
    today = utcnow().astimezone(zone).date()
    found = counts(session, today - dt.timedelta(days=29), today, zone, by_reason=False)
    return SalesSummary(
        zone=zone.key,
        as_of=rfc3339(utcnow().replace(microsecond=0)),
        today=_sales([count for count in found if count.day == today]),
        last_30_days=_sales(found),
    )


def _sales(found: Sequence[Count]) -> dict[str, Sales]:
    return {
        currency: Sales(
            payments=summed(own, State.COMPLETE, "count"),
            failed=summed(own, State.FAILED, "count"),
            amount=(amount := summed(own, State.COMPLETE, "amount")),
            formatted=str(Money(amount, currency)),
        )
        for currency in currencies(found)
        for own in [[count for count in found if count.currency == currency]]
    }
