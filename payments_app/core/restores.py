"""restores: whether this database was restored from a backup and does not know yet what happened
after it.

While one is open no message is claimed, nothing is scheduled and no form is taken: each would act
on what is no longer so. `flask restore` ends it.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, String, exists, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import insert_once
from payments_app.core.extensions import Base

_ROW = 1


class Restore(Base):
    """The last restore, one row. `backup_taken` is the last moment that the database knew, `found`
    says who told of it. Open until `opened_at`, when a person (`opened_by`) said that the shop may
    go on."""

    __tablename__ = "pay_restore"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    backup_taken: Mapped[dt.datetime]
    found: Mapped[str] = mapped_column(String(200))
    begun_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    opened_at: Mapped[dt.datetime | None]
    opened_by: Mapped[str | None] = mapped_column(String(80))


def is_restoring() -> ColumnElement[bool]:
    """Condition: a restore is open."""
    return exists(select(Restore.id).where(Restore.opened_at.is_(None)))


def open_restore(session: Session) -> Restore | None:
    """The restore that is open, as it is now."""
    found = session.get(Restore, _ROW, populate_existing=True)
    return found if found is not None and found.opened_at is None else None


def begin(session: Session, backup_taken: dt.datetime, found: str) -> bool:
    """Close the shop until the restore ends, in the caller's transaction. False where it is closed
    already: the moment that was named first stays."""
    if insert_once(session, Restore, id=_ROW, backup_taken=backup_taken, found=found):
        return True
    reopened = session.execute(
        update(Restore)
        .where(Restore.opened_at.is_not(None))
        .values(
            backup_taken=backup_taken,
            found=found,
            begun_at=database_now(),
            opened_at=None,
            opened_by=None,
        )
        .returning(Restore.id)
    )
    return reopened.first() is not None
