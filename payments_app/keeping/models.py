"""Erasures: of which customer, who asked for it, and whether it is done."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import Key
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base


class Erasure(Base):
    """The erasure of what is personal of one customer. While `done_at` is None it waits for what
    `waits_for` says. While one is open, the history lets go of that customer's words (a trigger).
    Nothing personal is in it: a list of these rows is what an erasure is repeated from."""

    __tablename__ = "pay_erasures"

    id: Mapped[str] = mapped_column(Key(40), primary_key=True, default=lambda: new_id("era"))
    customer_id: Mapped[str] = mapped_column(Key(40), index=True)
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    waits_for: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[dt.datetime | None]

    __table_args__ = (
        Index(
            "pay_erasures_open_key",
            "customer_id",
            unique=True,
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )
