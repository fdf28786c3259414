"""stuck: which pending payments take longer than they ever should."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from payments_app.core.db.clock import database_now
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.transactions.expire import BANK_CONFIRMATION_SECONDS

STUCK_SECONDS = 15 * 60
_OURS = (Phase.CREATED, Phase.PROCESSING, Phase.UNKNOWN)


def is_stuck() -> ColumnElement[bool]:
    """Condition on Transaction. Buyers who are asked by their bank have the time that they are
    given for it, and a bank that takes its time has its own."""
    asked_seconds = BANK_CONFIRMATION_SECONDS + STUCK_SECONDS
    ours = and_(Transaction.phase.in_(_OURS), Transaction.created_at < database_now(-STUCK_SECONDS))
    asked = and_(
        Transaction.phase == Phase.REQUIRES_ACTION,
        Transaction.phase_at < database_now(-asked_seconds),
    )
    return and_(Transaction.state == State.PENDING, or_(ours, asked))
