"""Mails: written once, then sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base


class Mail(Base):
    """One mail, unique by `key` (such as `receipt_<transaction>`), with the words it was written
    with: sent again, it is the same message by its Message-ID. `link` says which link is made for
    the placeholder in its words as it is sent.

    `queued` -> `sending` (until `taken_until`, by whoever took it) -> `sent`; `kept` where no mail
    server is configured, `dropped` where it was no longer true, `undelivered` after the last try.
    `rounds` counts how often it was asked for.
    """

    __tablename__ = "pay_mails"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ml"))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    transaction_id: Mapped[str | None] = mapped_column(
        ForeignKey("pay_transactions.id"), index=True
    )
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    link: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    rounds: Mapped[int] = mapped_column(default=1)
    taken_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    sent_at: Mapped[dt.datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'kept', 'dropped', 'undelivered')",
            name="state",
        ),
        CheckConstraint("(state = 'sending') = (taken_until IS NOT NULL)", name="taken"),
    )
