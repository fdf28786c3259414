"""look_up: ask Stripe what became of a transaction whose outcome is not known here."""

from __future__ import annotations

import contextlib

from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.payments import states
from payments_app.payments.look_ups import Unclear, look_again
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.charge import resolve
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot, snapshot_of

FIRST_SECONDS = 5.0


def look_up(transaction_id: str, claim: Claim) -> None:
    """Apply the state that Stripe says now; raise Later while that decides nothing."""
    found = _open(transaction_id)
    if found is None:
        return
    snapshot, unclear = found
    phase = resolve(snapshot, claim)
    if phase in (Phase.UNKNOWN, Phase.AWAITING_BANK):
        look_again(unclear, phase)


def check(transaction_id: str, claim: Claim) -> None:
    """One look at Stripe because somebody asked; the scheduled look-ups go on beside it."""
    found = _open(transaction_id)
    if found is not None:
        with contextlib.suppress(Later):
            resolve(found[0], claim)


@atomic
def _open(session: Session, transaction_id: str) -> tuple[ChargeSnapshot, Unclear] | None:
    transaction, now = states.lock_with(session, transaction_id, database_now())
    if transaction.phase not in (Phase.UNKNOWN, Phase.AWAITING_BANK, Phase.REQUIRES_ACTION):
        return None
    if transaction.stripe_payment_id is None:
        raise LookupError(f"{transaction_id} is {transaction.phase} without an intent")
    unclear = Unclear(
        id=transaction_id,
        transaction_id=transaction_id,
        money=transaction.money,
        since=transaction.phase_at,
    )
    return snapshot_of(session, transaction, now), unclear
