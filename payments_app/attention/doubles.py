"""doubles: payments that were likely made twice, and of which nobody said yet what is with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.attention.models import WorkItem
from payments_app.core.db.clock import utcnow
from payments_app.payments.refunds.double_payments import DoublePayment, likely_doubles

RECENT = dt.timedelta(days=7)  # an older one nobody is asked about any more


def double_key(first: str, second: str) -> str:
    """Of a pair of payments that were likely made by mistake."""
    return f"double:{first}:{second}"


def open_doubles(session: Session) -> list[DoublePayment]:
    """Those that wait for somebody, newest first: neither refunded, nor answered, nor older than
    RECENT. The overview, its navigation and the page of double payments all show these."""
    doubles = likely_doubles(session, utcnow() - RECENT)
    closed = answered(session, [double_key(double.first, double.second) for double in doubles])
    return [double for double in doubles if double_key(double.first, double.second) not in closed]


def answered(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of these that a person closed."""
    closed = select(WorkItem.key).where(WorkItem.key.in_(keys), WorkItem.answer.is_not(None))
    return set(session.scalars(closed))
