"""note_changes: a change of a row of transactions that others are worked out from is noted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import object_session

from payments_app.core.db.session import note_change
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State

_ATTEMPTS_OF = "attempts_of:"


def attempts_of(transaction_id: str) -> str:
    """The subject of a change that concerns all attempts at what a transaction pays for."""
    return f"{_ATTEMPTS_OF}{transaction_id}"


def read_attempts_of(subject: str) -> str | None:
    """The transaction of such a subject; None of any other subject."""
    return subject.removeprefix(_ATTEMPTS_OF) if subject.startswith(_ATTEMPTS_OF) else None


# A first attempt that is not failed, and of which no more is known than its row says, changes
# nothing that would have to be worked out: most payments never cost this.


@event.listens_for(Transaction, "after_insert")
def _note_attempt(_mapper: Any, _connection: Any, row: Transaction) -> None:
    session = object_session(row)
    if session is not None and (row.attempt > 1 or row.state == State.FAILED):
        note_change(session, attempts_of(row.id))


@event.listens_for(Transaction, "after_update")
def _note_move(_mapper: Any, _connection: Any, row: Transaction) -> None:
    session, phase = object_session(row), inspect(row).attrs.phase.history
    intent = inspect(row).attrs.stripe_payment_id.history
    gave_away = row.stripe_payment_id is None and any(intent.deleted or ())
    if session is None or not (phase.has_changes() or gave_away):
        return
    corrected = any(old in (Phase.FAILED, Phase.CANCELED) for old in phase.deleted or ())
    if row.attempt > 1 or row.state == State.FAILED or corrected or gave_away:
        note_change(session, attempts_of(row.id))
    elif row.attention is not None:
        note_change(session, row.id)
