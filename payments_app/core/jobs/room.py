"""room: whether the database has room to store something. A full disk still answers what only reads
or writes in place, and so the sweeper's own rounds; buyers are turned away all the same."""

from __future__ import annotations

import time

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from payments_app.core.extensions import db
from payments_app.core.outages import in_a_line

EVERY_SECONDS = 5.0
_DISK_FULL = "53100"  # PostgreSQL's code
_ROWS = 200_000  # megabytes: more than work_mem, so that PostgreSQL writes a file, and drops it


class Room:
    """Looks every EVERY_SECONDS. One thread, in the application's context."""

    def __init__(self) -> None:
        self._next = 0.0
        self._found: str | None = None

    def problem(self) -> str | None:
        """What the database says where it has none; None where it has, or says nothing of it."""
        if time.monotonic() >= self._next:
            self._found = no_room(db.session())
            db.session.remove()
            self._next = time.monotonic() + EVERY_SECONDS
        return self._found


def no_room(session: Session) -> str | None:
    """What PostgreSQL says where its disk is full."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    try:
        session.execute(text("SET LOCAL work_mem = '64kB'"))
        session.execute(text("SELECT count(*) FROM generate_series(1, :rows)"), {"rows": _ROWS})
    except DBAPIError as error:
        full = getattr(error.orig, "sqlstate", None) == _DISK_FULL
        return in_a_line(error) if full else None
    except SQLAlchemyError:  # whoever has something to do there says so
        return None
    finally:
        session.rollback()
    return None
