"""Alerts: stored with what raised them, de-duplicated while open. `ops` shows and delivers them.

An alert commits with the messages that tell people of it, so it is never lost with Redis. They
belong on the sweeper's own queue, because the alert may be about the workers.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from sqlalchemy import Index, String, Text, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import insert_once
from payments_app.core.db.text import storable
from payments_app.core.extensions import Base
from payments_app.core.jobs import outbox
from payments_app.core.logs import redact, redacted

log = logging.getLogger(__name__)

RAISED = "alert.raised"
_KEY_LENGTH = 200  # some end in a word of Stripe's


class Alert(Base):
    """Something a person must know. One open alert at most for each key; repeats are counted."""

    __tablename__ = "pay_alerts"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(_KEY_LENGTH))
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
            "pay_alerts_open_key_key",
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
    """Store an alert in the caller's transaction, with the messages of its subscribers; an open one
    of the same key counts one more, and tells nobody again."""
    # It is logged and mailed, and often quotes what others said.
    key, message = storable(key)[:_KEY_LENGTH], storable(redact(message))
    data = redacted(data)
    log.error("alert %s: %s", key, message)
    fresh = insert_once(
        session, Alert, kind=kind, key=key, severity=severity, message=message, data=data
    )
    if fresh:
        _tell(session, key, data.get("command"))
    else:
        session.execute(
            update(Alert)
            .where(Alert.key == key, Alert.acknowledged_at.is_(None))
            .values(times=Alert.times + 1, last_at=database_now(), message=message)
        )


def _tell(session: Session, key: str, failed_command: str | None) -> None:
    tellers = [subscriber.command for subscriber in outbox.subscribers_of(session, RAISED)]
    if failed_command in tellers:
        return  # that people can't be told is not told: it would never end
    alert_id = session.scalars(
        select(Alert.id).where(Alert.key == key, Alert.acknowledged_at.is_(None))
    ).one()
    outbox.publish(session, RAISED, str(alert_id))


def acknowledge(session: Session, key: str, actor: str) -> bool:
    """Close the open alert of this key in somebody's name, in the caller's transaction. False
    where none is open."""
    closed = session.execute(
        update(Alert)
        .where(Alert.key == key, Alert.acknowledged_at.is_(None))
        .values(acknowledged_at=database_now(), acknowledged_by=actor)
        .returning(Alert.id)
    ).first()
    return closed is not None
