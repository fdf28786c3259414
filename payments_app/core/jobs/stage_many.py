"""stage_many: many messages of one command by one statement, due one after another."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from payments_app.core import registry, tracing
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import insert_many
from payments_app.core.jobs.outbox import Message, commands


def stage_many(
    session: Session, command: str, keys_and_subjects: Sequence[tuple[str, str]], a_second: float
) -> None:
    """Store a message of each subject under its key, unless one of this key is there, in the
    caller's transaction: the first due now, and so many `a_second`. What others stage meanwhile
    comes in between. The command is known here, and need not be alone."""
    if not keys_and_subjects:
        return
    registry.declare(session)
    queue = commands()[command].queue
    rows = [
        {
            "queue": queue,
            "command": command,
            "subject": subject,
            "dedupe_key": key,
            "available_at": database_now(number / a_second),
            "traceparent": tracing.traceparent(),
        }
        for number, (key, subject) in enumerate(keys_and_subjects)
    ]
    insert_many(session, Message, rows)
    session.info.setdefault("wake_ups", {})[queue] = command
