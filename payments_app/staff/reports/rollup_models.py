"""Tables of the counts of payments by day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.columns import BIGINT
from payments_app.core.extensions import Base


class PaymentDelta(Base):
    """A change of the counts, not aggregated yet. `at` is when the payment began, at least to the
    quarter of an hour: no zone's day begins between."""

    __tablename__ = "pay_payment_deltas"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    at: Mapped[dt.datetime]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(100))
    count: Mapped[int] = mapped_column(BIGINT)
    amount: Mapped[int] = mapped_column(BIGINT)


class DailyPayments(Base):
    """Payments that began on one day of `zone`. `amount` in minor units: what was paid, of what
    was not paid what was asked for; `reason` is empty unless
    they failed."""

    __tablename__ = "pay_daily_payments"

    zone: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), primary_key=True)
    reason: Mapped[str] = mapped_column(String(100), primary_key=True)
    count: Mapped[int] = mapped_column(BIGINT)
    amount: Mapped[int] = mapped_column(BIGINT)

    __table_args__ = (Index("pay_daily_payments_day_idx", "day"),)
