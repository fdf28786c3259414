"""Alerts: stored with what raised them, de-duplicated while open. `ops` shows and delivers them."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from sqlalchemy import Index, String, Text, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.clock import database_now
from payments_app.core.columns import BIGINT
from payments_app.core.database import insert_once
from payments_app.core.extensions import db

log = logging.getLogger(__name__)


class Alert(db.Model):  # type: ignore[name-defined, misc]
    """Something a person must know. One open alert at most for each key; repeats are counted."""

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    last_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    delivered_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (
        Index(
            "uq_alerts_open_key",
            "key",
            unique=True,
            postgresql_where=text("acknowledged_at IS NULL"),
            sqlite_where=text("acknowledged_at IS NULL"),
        ),
    )


def raise_alert(
    session: Session,
    kind: str,
    key: str,
    message: str,
    *,
    severity: str = "warning",
    **data: Any,
) -> None:
    """Store an alert in the caller's transaction; an open one of the same key counts one more."""
    log.error("alert %s: %s", key, message)
    fresh = insert_once(
        session, Alert, kind=kind, key=key, severity=severity, message=message, data=data
    )
    if not fresh:
        session.execute(
            update(Alert)
            .where(Alert.key == key, Alert.acknowledged_at.is_(None))
            .values(times=Alert.times + 1, last_at=database_now(), message=message)
        )
