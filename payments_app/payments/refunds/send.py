"""send: give the money back, once.

Safe from a second copy of the worker because the call carries the refund's own key, because an
answer that Stripe replays is read again, and because a refund that may have been sent is looked
for among the payment's refunds, by the id in its metadata, before anything is concluded.
"""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import refunds as gateway
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.waits import next_try, used_up
from payments_app.payments import states
from payments_app.payments.refunds.apply_stripe_state import (
    apply_stripe_refund,
    end_refund,
    note,
    note_call,
)
from payments_app.payments.refunds.models import RefundState, lock, move
from payments_app.payments.refunds.refund_snapshot import (
    RefundSnapshot,
    parameters_for,
    snapshot_of,
)

REFUSED_SECONDS = 30.0
KEY_FORGOTTEN = {"code": "key_forgotten", "message": "Sent long ago"}
NOT_MADE = {
    "type": "expired",
    "code": "refund_not_made",
    "message": "Stripe doesn't have this refund. No money was refunded. Request it again.",
}


def send(refund_id: str, claim: Claim) -> None:
    """Send a refund that waits to be sent; do nothing to one that does not.

    Raises Later where Stripe refused before anything happened.
    """
    snapshot = _begin(refund_id)
    if snapshot is None:
        return
    if snapshot.key_forgotten:
        end_refund(refund_id, RefundState.UNKNOWN, KEY_FORGOTTEN)
    else:
        create(snapshot, claim)


def create(snapshot: RefundSnapshot, claim: Claim) -> str:
    """Make the one call that gives money back, and apply what comes of it; return the state.

    Raises Later where Stripe refused before anything happened.
    """
    answer = gateway.create_refund(snapshot.parameters, snapshot.key, snapshot.account)
    if answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
        _wait(snapshot, answer, claim)
    if answer.verdict == Verdict.ANSWERED and not answer.replayed:
        return apply_stripe_refund(snapshot.refund_id, answer)
    if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
        _tell_of_refusal(snapshot.refund_id, answer)
        return end_refund(snapshot.refund_id, RefundState.FAILED, answer.error or {}, answer)
    if answer.verdict == Verdict.UNKNOWN and not answer.replayed:
        return end_refund(snapshot.refund_id, RefundState.UNKNOWN, answer.error or {}, answer)
    return _read_again(snapshot, answer)


def find(snapshot: RefundSnapshot) -> Answer:
    """The refund as it stands at Stripe; ANSWERED without a body where it is not there."""
    if snapshot.stripe_refund_id:
        return gateway.retrieve_refund(snapshot.stripe_refund_id, snapshot.account)
    return gateway.find_refund(snapshot.intent_id, snapshot.refund_id, snapshot.account)


def _read_again(snapshot: RefundSnapshot, answer: Answer) -> str:
    """Stripe replayed an answer, or says that all is refunded already: look what there is. An
    answer that holds the refund names it, whatever has become of its metadata."""
    note(snapshot.refund_id, answer)
    named = id_of(answer.body)
    found = gateway.retrieve_refund(named, snapshot.account) if named else find(snapshot)
    if found.body is not None:
        return apply_stripe_refund(snapshot.refund_id, found)
    if found.verdict != Verdict.ANSWERED:
        return end_refund(snapshot.refund_id, RefundState.UNKNOWN, found.error or {}, found)
    return end_refund(snapshot.refund_id, RefundState.FAILED, answer.error or NOT_MADE, found)


def _wait(snapshot: RefundSnapshot, answer: Answer, claim: Claim) -> NoReturn:
    """Nothing was sent: come back with the same key."""
    if answer.throttled:
        raise Later(answer.retry_after or 1.0, f"refund: {answer.error_code}", is_try=False)
    _put_off(snapshot.refund_id, answer, lasting=used_up(claim.tries))
    seconds = next_try(answer, claim.tries, then=REFUSED_SECONDS)
    raise Later(seconds, f"refund: {answer.error_code}")


@atomic
def _begin(session: Session, refund_id: str) -> RefundSnapshot | None:
    refund = lock(session, refund_id)
    if refund.state not in (RefundState.REQUESTED, RefundState.PROCESSING):
        return None
    if refund.state == RefundState.REQUESTED:
        transaction = states.lock(session, refund.transaction_id)
        refund.parameters = parameters_for(refund, transaction)
        refund.sent_at = database_now()
        move(session, refund, RefundState.PROCESSING, actor="worker")
    return snapshot_of(session, refund)


@atomic
def _put_off(session: Session, refund_id: str, answer: Answer, *, lasting: bool) -> None:
    note_call(session, lock(session, refund_id), answer)
    misconfigured = answer.verdict == Verdict.MISCONFIGURED
    if lasting or misconfigured:
        alerts.raise_alert(
            session,
            "refund_waits",
            f"refund_waits:{answer.error_code}",
            f"Refunds wait for Stripe: {answer.words}",
            severity="critical" if misconfigured else "warning",
        )


@atomic
def _tell_of_refusal(session: Session, refund_id: str, answer: Answer) -> None:
    refund = lock(session, refund_id)
    alerts.raise_alert(
        session,
        "refund_refused",
        f"refund_refused:{refund_id}",
        f"Stripe refused to refund {refund.money} of {refund.transaction_id}, and no money was "
        f"given back: {answer.words}",
        transaction_id=refund.transaction_id,
    )
