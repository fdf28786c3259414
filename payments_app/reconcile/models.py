"""Findings: differences between the books, each by its name."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.extensions import Base


class Finding(Base):
    """One difference; open until it is gone or fixed. `about_at` is when the payment began, which
    says in whose window it lies; `fix` names what would mend it, None where a person must look."""

    __tablename__ = "pay_reconcile_findings"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    severity: Mapped[str] = mapped_column(String(16))
    fix: Mapped[str | None] = mapped_column(String(40))
    transaction_id: Mapped[str | None] = mapped_column(
        ForeignKey("pay_transactions.id"), index=True
    )
    about_at: Mapped[dt.datetime]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    times: Mapped[int] = mapped_column(default=1)
    found_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    asked_by: Mapped[str | None] = mapped_column(String(80))
    resolved_at: Mapped[dt.datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(16))
    resolved_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (
        CheckConstraint("resolution IN ('gone', 'fixed')", name="resolution"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
        Index(
            "pay_reconcile_findings_open_key",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
    )


class Run(Base):
    """One comparison of the payments begun in [since, until). Without `finished_at` it broke off
    (`error` says why), and concluded nothing."""

    __tablename__ = "pay_reconcile_runs"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)
    finished_at: Mapped[dt.datetime | None]
    intents: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
