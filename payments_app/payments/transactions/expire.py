"""expire: end what was never sent, and close what the buyer left, at Stripe first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.results import Answer, Verdict, unclear
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.apply_stripe_state import (
    apply_stripe_state,
    end,
    give_up,
    note,
    note_call,
)
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot, snapshot_of
from payments_app.payments.transactions.keep_answer import keep_intent

log = logging.getLogger(__name__)

BANK_CONFIRMATION_SECONDS = 30 * 60  # a bank's check that nobody finished is cancelled after this
RETRY_SECONDS = 60.0
EXPIRED = {
    "type": "expired",
    "code": "payment_expired",
    "message": "This payment was cancelled because it took too long. You were not charged.",
}
STRIPE_FAILED = {
    "type": "api_error",
    "message": "Stripe had an error. No payment was made.",
}
RATE_LIMITED = {
    "type": "rate_limit",
    "code": "rate_limit_exceeded",
    "message": "Payment failed due to rate limiting",
}
CHECK_ABANDONED = {
    "type": "expired",
    "code": "authentication_abandoned",
    "message": "The bank's check timed out. No payment was made.",
}


def end_unsent(session: Session, transaction: Transaction) -> None:
    """End a locked transaction of which nothing was ever sent."""
    transaction.error = EXPIRED
    transaction.error_code, transaction.error_message = EXPIRED["code"], EXPIRED["message"]
    states.move(session, transaction, Phase.CANCELED, reason=EXPIRED["message"])


def never_made(snapshot: ChargeSnapshot) -> None:
    """End a transaction whose intent Stripe does not know: it expired, or Stripe failed at it."""
    if snapshot.late:
        give_up(snapshot.transaction_id, Phase.CANCELED, EXPIRED)
    else:
        give_up(snapshot.transaction_id, Phase.FAILED, STRIPE_FAILED)


@atomic
def rate_limited(session: Session, transaction_id: str, answer: Answer) -> None:
    """End a transaction whose intent could not be made, since rate limits outlast the retries."""
    log.error("%s: Rate limit exceeded after retries", transaction_id)
    note_call(session, transaction_id, answer)
    history.record(
        session,
        "stripe",
        "stripe.retries_exhausted",
        transaction_id=transaction_id,
        message="Rate limit exceeded after retries",
    )
    end(session, transaction_id, Phase.FAILED, RATE_LIMITED)


def unsent(
    snapshot: ChargeSnapshot, claim: Claim, create: Callable[[ChargeSnapshot], Answer]
) -> None:
    """End a transaction that was not confirmed in time; its intent, if any, at Stripe first.

    The answer to the create may be lost: the same key names the intent, without moving money.
    Raises Later while Stripe does not answer.
    """
    if snapshot.intent_id is None:
        answer = create(snapshot)
        if answer.body is None:
            if answer.refused or answer.verdict in (Verdict.CANCELED, Verdict.INVALID):
                never_made(snapshot)
                return
            note(snapshot.transaction_id, answer)
            raise Later(RETRY_SECONDS, f"create before cancelling: {answer.error_code}")
        _keep_id(snapshot.transaction_id, answer)
        snapshot = _snapshot(snapshot.transaction_id)
    cancel_and_end(snapshot, claim)


def cancel_and_end(
    snapshot: ChargeSnapshot,
    _claim: Claim,
    *,
    phase: str = Phase.CANCELED,
    error: dict[str, Any] | None = None,
) -> None:
    """Cancel the intent at Stripe, then end the transaction as `phase` with `error`.

    If Stripe refuses because the intent has moved on, the transaction takes the state that it
    reads. Raises Later while Stripe does not answer.
    """
    answer = charges.cancel_intent(snapshot.intent, snapshot.account)
    note(snapshot.transaction_id, answer)
    if answer.verdict == Verdict.MOVED_ON:
        answer = charges.retrieve_intent(snapshot.intent, snapshot.account)
        if answer.verdict == Verdict.OPEN or answer.body is None:
            answer = unclear(answer)
        if answer.verdict != Verdict.CANCELED:
            apply_stripe_state(snapshot.transaction_id, answer, fresh=True)
            return
    if answer.verdict != Verdict.CANCELED:
        raise Later(RETRY_SECONDS, f"cancel: {answer.error_code}")
    give_up(snapshot.transaction_id, phase, error or EXPIRED, answer)


def expire_action(
    transaction_id: str, claim: Claim, *, after: int = BANK_CONFIRMATION_SECONDS
) -> None:
    """Cancel a transaction whose bank check nobody finished in time, `after` so many seconds."""
    snapshot = _waiting_for_buyer(transaction_id, after)
    if snapshot is not None:
        cancel_and_end(snapshot, claim, error=CHECK_ABANDONED)


@atomic
def _waiting_for_buyer(session: Session, transaction_id: str, after: int) -> ChargeSnapshot | None:
    transaction, now = states.lock_with(session, transaction_id, database_now())
    if transaction.phase != Phase.REQUIRES_ACTION:
        return None
    too_early = (now - transaction.phase_at).total_seconds() < after - 1
    # An earlier visit to the bank had its own message; this one's comes with its own.
    return None if too_early else snapshot_of(session, transaction, now)


@atomic
def _keep_id(session: Session, transaction_id: str, answer: Answer) -> None:
    keep_intent(states.lock(session, transaction_id), answer.expect_body())


@atomic
def _snapshot(session: Session, transaction_id: str) -> ChargeSnapshot:
    return snapshot_of(session, *states.lock_with(session, transaction_id, database_now()))
