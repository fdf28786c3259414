"""under_way: the retry that was asked for and is not answered yet, as history has it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic, note_change
from payments_app.core.history import HistoryEntry
from payments_app.payments import states
from payments_app.payments.retries.request import REQUESTED

OPENED, REFUSED = "retry.opened", "retry.refused"


def unanswered(session: Session, transaction_id: str) -> HistoryEntry | None:
    """The request of the retry that is under way."""
    last = session.scalars(
        select(HistoryEntry)
        .where(
            HistoryEntry.transaction_id == transaction_id,
            HistoryEntry.what.in_((REQUESTED, OPENED, REFUSED)),
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    ).first()
    return last if last is not None and last.what == REQUESTED else None


def answer(session: Session, transaction_id: str, what: str, **data: Any) -> None:
    """End it as OPENED or REFUSED, in the caller's database transaction."""
    history.record(session, "system", what, transaction_id=transaction_id, **data)
    note_change(session, transaction_id)
    session.flush()


@atomic
def refuse(session: Session, transaction_id: str, sentence: str) -> None:
    """End it without a charge, unless a copy of the job ended it already."""
    states.lock(session, transaction_id)
    if unanswered(session, transaction_id) is not None:
        answer(session, transaction_id, REFUSED, message=sentence)
