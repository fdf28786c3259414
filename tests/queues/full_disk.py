"""full_disk: a PostgreSQL that takes a change in place, as a claim is, and nothing longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message

_FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_room BEFORE UPDATE ON pay_outbox FOR EACH ROW
WHEN (NEW.done_at IS NOT NULL OR NEW.dead_at IS NOT NULL OR NEW.last_error IS NOT NULL)
EXECUTE FUNCTION no_room();
CREATE TRIGGER no_room BEFORE UPDATE ON pay_mails FOR EACH ROW
WHEN (NEW.sent_at IS NOT NULL) EXECUTE FUNCTION no_room();
"""
_ROOM = """
DROP TRIGGER no_room ON pay_outbox; DROP TRIGGER no_room ON pay_mails; DROP FUNCTION no_room();
"""


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing can be said to have ended meanwhile."""
    _run(_FULL)
    try:
        yield
    finally:
        db.session.rollback()
        _run(_ROOM)


@atomic
def _run(session: Session, statements: str) -> None:
    session.execute(text(statements))


@atomic
def end_leases(session: Session) -> None:
    """As if LEASE_SECONDS had gone by."""
    session.execute(
        update(Message)
        .where(Message.leased_until.is_not(None))
        .values(leased_until=database_now(-1))
    )
