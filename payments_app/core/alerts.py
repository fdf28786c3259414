"""Alerts: stored with what raised them, de-duplicated while open. `ops` shows and delivers them.

An alert commits with the messages that tell people of it, so it is never lost with Redis. They
belong on the sweeper's own queue, because the alert may be about the workers. The subject of such a
message says what is told: `<id>`, `<id>:closed`, `<id>:again<times>`, or `many:<kind>:<window>`.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import Any

from sqlalchemy import ColumnElement, Index, String, Text, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT, Key
from payments_app.core.db.session import insert_once
from payments_app.core.db.text import storable
from payments_app.core.extensions import Base
from payments_app.core.history import SYSTEM
from payments_app.core.jobs import outbox
from payments_app.core.logs import redact, redacted

log = logging.getLogger(__name__)

RAISED = "alert.raised"
_KEY_LENGTH = 200  # some end in a word of Stripe's
MOST_ALONE = 3  # of a kind in one window: the rest are one summary at its end
WINDOW_SECONDS = 600
QUIET_SECONDS = 3600  # an open alert that repeats after so long is another incident


class Alert(Base):
    """Something a person must know. One open alert at most for each key; repeats are counted."""

    __tablename__ = "pay_alerts"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(_KEY_LENGTH))
    severity: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Of what is about one payment: `data` says it too.
    transaction_id: Mapped[str | None] = mapped_column(Key(40))
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    last_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    delivered_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (
        Index("pay_alerts_transaction_id_idx", "transaction_id"),
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
    """Store an alert in the caller's transaction, with the messages of its subscribers. An open one
    of the same key counts one more; that is told only if it was quiet for QUIET_SECONDS."""
    # It is logged and mailed, and often quotes what others said.
    key, message = storable(key)[:_KEY_LENGTH], storable(redact(message))
    values = {"kind": kind, "severity": severity, "message": message, "data": redacted(data)}
    values["transaction_id"] = data.get("transaction_id")
    while not insert_once(session, Alert, key=key, **values):
        quiet = Alert.last_at <= database_now(-QUIET_SECONDS)
        if _count(session, key, message, quiet) or _count(session, key, message):
            return  # else it closed at this moment, and what returns is told anew
    log.error("alert %s: %s", key, message)
    alert_id = session.scalars(select(Alert.id).where(*_is_open(key))).one()
    _tell(session, kind, str(alert_id), Alert.first_at, data.get("command"))


def _is_open(key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Alert.key == key, Alert.acknowledged_at.is_(None)


def _count(session: Session, key: str, message: str, *quiet: ColumnElement[bool]) -> bool:
    """Count one more of an open alert; tell it where it had been `quiet`. False: it had not."""
    counted = session.execute(
        update(Alert)
        .where(*_is_open(key), *quiet)
        .values(times=Alert.times + 1, last_at=database_now(), message=message)
        .returning(Alert.id, Alert.times)
    ).first()
    if counted and quiet:
        outbox.publish(session, RAISED, f"{counted.id}:again{counted.times}")
    return counted is not None


def _tell(
    session: Session,
    kind: str,
    telling: str,
    happened: Any,
    failed_command: str | None = None,
) -> None:
    """Stage a telling; where many of the kind `happened` in this window, their summary."""
    tellers = [subscriber.command for subscriber in outbox.subscribers_of(session, RAISED)]
    if failed_command in tellers:
        return  # that people can't be told is not told: it would never end
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    begun = dt.datetime.fromtimestamp(window * WINDOW_SECONDS, dt.UTC)
    count = select(func.count()).where(Alert.kind == kind, happened >= begun)
    if session.execute(count).scalar_one() <= MOST_ALONE:
        outbox.publish(session, RAISED, telling)
        return
    for command in tellers:
        rest = (window + 1) * WINDOW_SECONDS - now
        outbox.stage(session, command, f"many:{kind}:{window}", delay=rest)


def acknowledge(session: Session, key: str, actor: str) -> bool:
    """Close the open alert of this key in somebody's name, in the caller's transaction. People are
    told that the system closed it: its cause is gone. False where none is open."""
    closed = session.execute(
        update(Alert)
        .where(*_is_open(key))
        .values(acknowledged_at=database_now(), acknowledged_by=actor)
        .returning(Alert.id, Alert.kind)
    ).first()
    if closed and actor == SYSTEM:
        _tell(session, closed.kind, f"{closed.id}:closed", Alert.acknowledged_at)
    return closed is not None
