"""Merchants and their webhook endpoints."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import JSON_TYPE, Key
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base

URL_LENGTH = 500
DESTINATION, DIRECT = "destination", "direct"


class Merchant(Base):
    """Somebody who is paid. `cutoff` is in minutes after midnight in `timezone`: the moment that
    ends a business day; 0 is midnight itself. One merchant is the shop's own (`is_default`).
    `receipt_address`, a line each, and `tax_id` stand on receipts; the shop's are settings."""

    __tablename__ = "pay_merchants"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("mrc"))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    timezone: Mapped[str] = mapped_column(String(60), default="UTC")
    cutoff: Mapped[int] = mapped_column(default=0)
    is_default: Mapped[bool] = mapped_column(default=False)
    receipt_address: Mapped[str | None] = mapped_column(Text)
    tax_id: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("cutoff BETWEEN 0 AND 1439", name="cutoff_within_a_day"),
        Index(
            "pay_merchants_default_key",
            "is_default",
            unique=True,
            postgresql_where=text("is_default"),
            sqlite_where=text("is_default"),
        ),
    )


class ConnectedAccount(Base):
    """A merchant's account at Stripe, connected to ours, and what Stripe lets it do.

    `charge_type` says how its payments are made: `destination` on our account, with a transfer to
    it, or `direct` on its own. `requirements` is what Stripe still asks of the merchant, and
    `stripe_data` what it last told of the account, as it came. `key_number` counts the keys under
    which the account was asked for; `read_asked_at` is when a reading was last asked for, by the
    clock or since somebody looked.
    Source: https://docs.stripe.com/connect/charges
    """

    __tablename__ = "pay_connected_accounts"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("pay_merchants.id"), primary_key=True)
    charge_type: Mapped[str] = mapped_column(String(16))
    country: Mapped[str] = mapped_column(String(2))
    # Unknown until the job that makes the account at Stripe has its answer.
    stripe_account_id: Mapped[str | None] = mapped_column(Key(255), unique=True)
    details_submitted: Mapped[bool] = mapped_column(default=False)
    charges_enabled: Mapped[bool] = mapped_column(default=False)
    transfers_enabled: Mapped[bool] = mapped_column(default=False)
    payouts_enabled: Mapped[bool] = mapped_column(default=False)
    requirements: Mapped[dict[str, Any] | None]
    stripe_data: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    key_number: Mapped[int] = mapped_column(default=1, server_default="1")
    error_message: Mapped[str | None] = mapped_column(Text)
    # Where the merchant gives Stripe its details, encrypted. It can be used once, for minutes.
    link_url: Mapped[str | None] = mapped_column(Text)
    link_expires_at: Mapped[dt.datetime | None]
    deauthorized_at: Mapped[dt.datetime | None]
    refreshed_at: Mapped[dt.datetime | None]
    read_asked_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("charge_type IN ('destination', 'direct')", name="charge_type"),
    )


class Endpoint(Base):
    """A merchant's webhook endpoint. `topics` are the events it asks for (None: all). `failures`
    counts failed calls since the last one that went well, `failing_since` when the first of them
    was, `warned` how far on the way to being switched off its owner was told, in percent."""

    __tablename__ = "pay_merchant_endpoints"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("whe"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("pay_merchants.id"), index=True)
    url: Mapped[str] = mapped_column(String(URL_LENGTH))
    secret: Mapped[str] = mapped_column(String(80))
    # During a rotation both secrets sign, so that the merchant can change over in peace.
    old_secret: Mapped[str | None] = mapped_column(String(80))
    old_secret_until: Mapped[dt.datetime | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    topics: Mapped[list[str] | None] = mapped_column(JSON_TYPE)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[dt.datetime | None]
    warned: Mapped[int] = mapped_column(default=0, server_default="0")
    disabled_at: Mapped[dt.datetime | None]
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    __table_args__ = (
        CheckConstraint("enabled = (disabled_at IS NULL)", name="disabled_at"),
        CheckConstraint("failures >= 0", name="failures_not_negative"),
    )
