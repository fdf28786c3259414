"""Setting the books at odds, and reading what was found."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.reconcile.compare import compare
from payments_app.reconcile.models import Finding

HOUR = dt.timedelta(hours=1)


def compare_last_hours() -> int:
    return compare(utcnow() - 3 * HOUR, utcnow() + HOUR)


def found() -> list[tuple[str, str | None]]:
    """Kind and fix of every open finding."""
    return [(f.kind, f.fix) for f in open_ones()]


def open_ones() -> list[Finding]:
    return [f for f in all_findings() if f.resolved_at is None]


def all_findings() -> list[Finding]:
    db.session.rollback()
    query = select(Finding).order_by(Finding.id).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


@atomic
def execute(session: Session, statement: Any) -> None:
    session.execute(statement)
