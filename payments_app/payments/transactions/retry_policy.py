"""retry_policy: when to come back to Stripe after it refused before anything happened."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments import states
from payments_app.payments.transactions.apply_stripe_state import give_up, note_call
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot

log = logging.getLogger(__name__)

RETRIES = (1.0, 2.0, 5.0)  # seconds; after the last, Stripe is no longer merely busy
UNREACHABLE_SECONDS = 20.0
MISCONFIGURED_SECONDS = 60.0
RATE_LIMITED = {
    "type": "rate_limit",
    "code": "rate_limit_exceeded",
    "message": "Payment failed due to rate limiting",
}


def wait(snapshot: ChargeSnapshot, answer: Answer, claim: Claim) -> None:
    """Raise Later with the time to come back.

    Rate limits that outlast their retries end the transaction as failed, but only where no intent
    was made; everything else waits for the transaction's own deadline. An authentication or
    permission error fails nobody's payment: it waits, with an alert.
    """
    exhausted = claim.tries >= len(RETRIES)
    if answer.error_type == "rate_limit" and exhausted and snapshot.intent_id is None:
        log.error("%s: Rate limit exceeded after retries", snapshot.transaction_id)
        _give_up_note(snapshot.transaction_id, answer)
        give_up(snapshot.transaction_id, "failed", RATE_LIMITED)
        return
    seconds = max(_seconds(answer, claim), answer.retry_after or 0)
    log.warning(
        "%s: %s refused (%s), retry %d in %s s",
        snapshot.transaction_id,
        answer.call,
        answer.error_code,
        claim.tries + 1,
        seconds,
    )
    # Refused before anything happened, and nothing was sent earlier: then nothing is at Stripe.
    never_sent = (
        answer.call == "create" and answer.verdict != Verdict.UNKNOWN and not snapshot.create_sent
    )
    _note(
        snapshot.transaction_id,
        answer,
        claim.tries + 1,
        seconds,
        exhausted=exhausted,
        never_sent=never_sent,
    )
    raise Later(seconds, f"{answer.call}: {answer.error_code}")


def _seconds(answer: Answer, claim: Claim) -> float:
    if answer.verdict == Verdict.MISCONFIGURED:
        return MISCONFIGURED_SECONDS
    if claim.tries < len(RETRIES):
        return RETRIES[claim.tries]
    return UNREACHABLE_SECONDS


@atomic
def _note(
    session: Session,
    transaction_id: str,
    answer: Answer,
    retry: int,
    seconds: float,
    *,
    exhausted: bool,
    never_sent: bool,
) -> None:
    if answer.error_code != "breaker_open":
        note_call(session, transaction_id, answer)
    if never_sent:
        states.lock(session, transaction_id).create_sent_at = None
    history.record(
        session,
        "stripe",
        "stripe.retry",
        transaction_id=transaction_id,
        delay_seconds=seconds,
        attempt=retry,
        error_type=answer.error_type,
    )
    message = (answer.error or {}).get("message") or answer.error_code
    if answer.verdict == Verdict.MISCONFIGURED:
        alerts.raise_alert(
            session,
            "stripe_misconfigured",
            f"stripe:{answer.error_type}",
            f"Stripe refuses our key ({message}): payments wait until it is mended",
            severity="critical",
        )
    elif exhausted:
        alerts.raise_alert(
            session,
            "stripe_unreachable",
            "stripe:unreachable",
            f"Stripe can't be reached ({message}): payments wait for it",
        )


@atomic
def _give_up_note(session: Session, transaction_id: str, answer: Answer) -> None:
    note_call(session, transaction_id, answer)
    history.record(
        session,
        "stripe",
        "stripe.retries_exhausted",
        transaction_id=transaction_id,
        message="Rate limit exceeded after retries",
    )
