"""come_back: Stripe refused before anything happened, so the same call is made again later.

An authentication or permission error fails nobody's payment: it waits until that is mended. A
request that was refused by our mistake delays its own payment only, until its deadline; it is made
again under keys of the next number, since Stripe may repeat a saved 400 for the old ones.
"""

from __future__ import annotations

import logging
from typing import NoReturn

from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.waits import next_try, used_up
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.transactions import misconfigured
from payments_app.payments.transactions.apply_stripe_state import note_made
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot

log = logging.getLogger(__name__)

UNREACHABLE_SECONDS = 20.0
MISCONFIGURED_SECONDS = 60.0


def come_back(snapshot: ChargeSnapshot, answer: Answer, claim: Claim) -> NoReturn:
    """Raise Later with the time to come back; the transaction's own deadline ends it. What our own
    bucket delays is no try that the retry policy counts."""
    if answer.throttled:
        _unsend(snapshot, answer)
        raise Later(answer.retry_after or 1.0, f"{answer.call}: {answer.error_code}", is_try=False)
    seconds = next_try(answer, claim.tries, then=UNREACHABLE_SECONDS)
    if answer.verdict == Verdict.MISCONFIGURED:
        seconds = max(MISCONFIGURED_SECONDS, answer.retry_after or 0)
    log.warning(
        "%s: %s refused (%s), retry %d in %s s",
        snapshot.transaction_id,
        answer.call,
        answer.error_code,
        claim.tries + 1,
        seconds,
    )
    _put_off(snapshot, answer, claim.tries, seconds)
    raise Later(seconds, f"{answer.call}: {answer.error_code}")


@atomic
def _unsend(session: Session, snapshot: ChargeSnapshot, answer: Answer) -> None:
    if _nothing_at_stripe(snapshot, answer):
        states.lock(session, snapshot.transaction_id).create_sent_at = None


@atomic
def _put_off(
    session: Session, snapshot: ChargeSnapshot, answer: Answer, tries: int, seconds: float
) -> None:
    note_made(session, snapshot.transaction_id, answer)
    transaction = states.lock(session, snapshot.transaction_id)
    if _nothing_at_stripe(snapshot, answer):
        transaction.create_sent_at = None
    if answer.refused:
        _use_next_keys(transaction, snapshot)
        misconfigured.tell(session, transaction, answer)
    history.record(
        session,
        "stripe",
        "stripe.retry",
        transaction_id=snapshot.transaction_id,
        delay_seconds=seconds,
        attempt=tries + 1,
        error_type=answer.error_type,
    )
    _tell_a_person(session, answer, lasting=used_up(tries))


def _use_next_keys(transaction: Transaction, snapshot: ChargeSnapshot) -> None:
    """With parameters as they are made now: a setting may have been corrected meanwhile. Once for
    each refusal, whatever a second copy of this worker heard."""
    if transaction.key_number == snapshot.key_number and transaction.phase not in states.FINAL:
        transaction.key_number += 1
        transaction.parameters = None


def _nothing_at_stripe(snapshot: ChargeSnapshot, answer: Answer) -> bool:
    """Whether the create was refused before anything happened, and none was sent earlier."""
    refused = answer.call == "create" and answer.verdict != Verdict.UNKNOWN
    return refused and not snapshot.create_sent


def _tell_a_person(session: Session, answer: Answer, *, lasting: bool) -> None:
    """At once where only we can mend it, else where it does not pass by itself."""
    if answer.refused:
        return  # that was told already
    if answer.verdict == Verdict.MISCONFIGURED:
        alerts.raise_alert(
            session,
            "stripe_misconfigured",
            f"stripe:{answer.error_type}",
            f"Stripe refuses our key ({answer.words}): payments wait until it is mended",
            severity="critical",
        )
    elif lasting:
        alerts.raise_alert(
            session,
            "stripe_unreachable",
            "stripe:unreachable",
            f"Stripe can't be reached ({answer.words}): payments wait for it",
        )
