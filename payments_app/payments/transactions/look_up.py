"""look_up: ask Stripe what became of a transaction whose outcome is not known here.

After 5 s, 15 s, 30 s, then every minute for an hour, then at 6 h and 24 h, then a person is told.
"""

from __future__ import annotations

import contextlib
import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.charge import resolve
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot, snapshot_of

FIRST_SECONDS = 5.0
_HOUR, _DAY = 3600.0, 86_400.0


def look_up(transaction_id: str, claim: Claim) -> None:
    """Settle a transaction by what Stripe says now; raise Later while that decides nothing."""
    found = _open(transaction_id)
    if found is None:
        return
    snapshot, since = found
    phase = resolve(snapshot, claim)
    if phase in ("unknown", "awaiting_bank"):
        age = (utcnow() - since).total_seconds()
        if age >= _DAY:
            _tell_a_person(transaction_id)
        raise Later(next_wait(age), f"still {phase}")


def check(transaction_id: str, claim: Claim) -> None:
    """One look at Stripe because somebody asked; the scheduled look-ups go on beside it."""
    found = _open(transaction_id)
    if found is not None:
        with contextlib.suppress(Later):
            resolve(found[0], claim)


def next_wait(age: float) -> float:
    """Seconds until the next look-up of a transaction that has been unclear for `age` seconds."""
    if age < 15:
        return 10.0
    if age < 30:
        return 15.0
    if age < _HOUR:
        return 60.0
    if age < 6 * _HOUR:
        return 6 * _HOUR - age
    if age < _DAY:
        return _DAY - age
    return _DAY


@atomic
def _open(session: Session, transaction_id: str) -> tuple[ChargeSnapshot, dt.datetime] | None:
    transaction = states.lock(session, transaction_id)
    if transaction.phase not in ("unknown", "awaiting_bank", "requires_action"):
        return None
    if transaction.stripe_payment_id is None:
        raise LookupError(f"{transaction_id} is {transaction.phase} without an intent")
    return snapshot_of(session, transaction), transaction.phase_at


@atomic
def _tell_a_person(session: Session, transaction_id: str) -> None:
    transaction = session.get_one(Transaction, transaction_id)
    alerts.raise_alert(
        session,
        "outcome_unknown",
        f"unknown:{transaction_id}",
        f"{transaction_id} ({transaction.money}) has been {transaction.phase} for a day: "
        "look at Stripe, and at its timeline",
        severity="critical",
        transaction_id=transaction_id,
    )
