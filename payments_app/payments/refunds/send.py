"""send: give the money back, once, and find out what became of it.

Safe from a second copy of the worker because the call carries the refund's own key, because an
answer that Stripe replays is read again, and because a refund that may have been sent is looked
for among the payment's refunds, by the id in its metadata, before anything is concluded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Claim, Later
from payments_app.gateway import refunds as gateway
from payments_app.gateway.results import Answer, Verdict
from payments_app.payments import states
from payments_app.payments.connect.account import account_of, is_destination_charge
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.apply_stripe_state import (
    apply_stripe_refund,
    end_refund,
    note_reply,
)
from payments_app.payments.refunds.models import UNCLEAR, Refund, lock, move
from payments_app.payments.transactions.charge_snapshot import KEY_SECONDS
from payments_app.payments.transactions.look_up import next_wait

WAITS = (1.0, 2.0, 5.0)  # seconds, while Stripe refuses before anything happens; then:
LONG_WAIT_SECONDS = 30.0
_DAY = 86_400.0
PENDING_SECONDS = 10 * _DAY  # https://docs.stripe.com/refunds: most arrive within 10 business days
NOT_MADE = {
    "type": "expired",
    "code": "refund_not_made",
    "message": "Stripe doesn't have this refund. No money was refunded. Request it again.",
}


@dataclass(frozen=True)
class _RefundSnapshot:
    """A refund as its jobs need it, read in one short database transaction."""

    refund_id: str
    state: str
    intent_id: str
    account: str | None
    stripe_refund_id: str | None
    parameters: dict[str, Any]
    key_forgotten: bool
    unclear_seconds: float

    @property
    def key(self) -> str:
        """Stripe's idempotency key of the one call that gives money back."""
        return f"refund-{self.refund_id}"


def send(refund_id: str, claim: Claim) -> None:
    """Send a refund that waits to be sent; do nothing to one that does not.

    Raises Later where Stripe refused before anything happened.
    """
    snapshot = _begin(refund_id)
    if snapshot is None:
        return
    if snapshot.key_forgotten:
        end_refund(refund_id, "unknown", {"code": "key_forgotten", "message": "Sent long ago"})
        return
    _create(snapshot, claim)


def look_up(refund_id: str, claim: Claim) -> None:
    """Ask Stripe about a refund whose outcome is open; raise Later while it stays so."""
    snapshot = _open(refund_id)
    if snapshot is None:
        return
    answer = _find(snapshot)
    if answer.body is not None:
        state = apply_stripe_refund(refund_id, answer)
    elif answer.verdict != Verdict.ANSWERED:
        _note(refund_id, answer)
        state = snapshot.state
    elif snapshot.key_forgotten:
        state = end_refund(refund_id, "failed", NOT_MADE, answer)
    else:
        state = _create(snapshot, claim)
    # One that moved to another open state is looked up by that state's own message.
    if state == snapshot.state:
        if snapshot.unclear_seconds >= (_DAY if state == "unknown" else PENDING_SECONDS):
            _tell_a_person(refund_id)
        raise Later(next_wait(snapshot.unclear_seconds), f"still {state}")


def _create(snapshot: _RefundSnapshot, claim: Claim) -> str:
    answer = gateway.create_refund(snapshot.parameters, snapshot.key, snapshot.account)
    if answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
        _wait(snapshot, answer, claim)
    if answer.body is not None and not answer.replayed:
        return apply_stripe_refund(snapshot.refund_id, answer)
    if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
        _tell_of_refusal(snapshot.refund_id, answer)
        return end_refund(snapshot.refund_id, "failed", answer.error or {}, answer)
    if answer.verdict == Verdict.UNKNOWN and not answer.replayed:
        return end_refund(snapshot.refund_id, "unknown", answer.error or {}, answer)
    return _read_again(snapshot, answer)


def _read_again(snapshot: _RefundSnapshot, answer: Answer) -> str:
    """Stripe replayed an answer, or says that all is refunded already: look what there is."""
    _note(snapshot.refund_id, answer)
    found = _find(snapshot)
    if found.body is not None:
        return apply_stripe_refund(snapshot.refund_id, found)
    if found.verdict != Verdict.ANSWERED:
        return end_refund(snapshot.refund_id, "unknown", found.error or {}, found)
    return end_refund(snapshot.refund_id, "failed", answer.error or NOT_MADE, found)


def _find(snapshot: _RefundSnapshot) -> Answer:
    if snapshot.stripe_refund_id:
        return gateway.retrieve_refund(snapshot.stripe_refund_id, snapshot.account)
    return gateway.find_refund(snapshot.intent_id, snapshot.refund_id, snapshot.account)


def _wait(snapshot: _RefundSnapshot, answer: Answer, claim: Claim) -> None:
    """Nothing was sent: come back with the same key."""
    exhausted = claim.tries >= len(WAITS)
    _note(snapshot.refund_id, answer, alert=exhausted or answer.verdict == Verdict.MISCONFIGURED)
    seconds = LONG_WAIT_SECONDS if exhausted else WAITS[claim.tries]
    raise Later(max(seconds, answer.retry_after or 0), f"refund: {answer.error_code}")


def _parameters(refund: Refund, transaction: Transaction) -> dict[str, Any]:
    """What is sent, now and at every repetition. Of a merchant's sale we give back our fee, and
    of a destination charge the merchant its share, both in proportion."""
    parameters: dict[str, Any] = {
        "payment_intent": transaction.stripe_payment_id,
        "amount": refund.amount,
        "metadata": {"refund_id": refund.id, "transaction_id": transaction.id},
    }
    if refund.stripe_reason:
        parameters["reason"] = refund.stripe_reason
    if is_destination_charge(transaction):
        parameters["reverse_transfer"] = True
    if transaction.platform_fee:
        parameters["refund_application_fee"] = True
    return parameters


@atomic
def _begin(session: Session, refund_id: str) -> _RefundSnapshot | None:
    refund = lock(session, refund_id)
    if refund.state not in ("requested", "processing"):
        return None
    transaction = states.lock(session, refund.transaction_id)
    if refund.state == "requested":
        refund.parameters = _parameters(refund, transaction)
        refund.sent_at = database_now()
        move(session, refund, "processing", actor="worker")
    return _snapshot_of(session, refund, transaction)


@atomic
def _open(session: Session, refund_id: str) -> _RefundSnapshot | None:
    refund = lock(session, refund_id)
    if refund.state not in UNCLEAR:
        return None
    return _snapshot_of(session, refund, states.lock(session, refund.transaction_id))


def _snapshot_of(session: Session, refund: Refund, transaction: Transaction) -> _RefundSnapshot:
    session.flush()
    forgotten, since = session.execute(
        select(Refund.sent_at < database_now(-KEY_SECONDS), Refund.state_at).where(
            Refund.id == refund.id
        )
    ).one()
    return _RefundSnapshot(
        refund_id=refund.id,
        state=refund.state,
        intent_id=transaction.stripe_payment_id or "",
        account=account_of(transaction),
        stripe_refund_id=refund.stripe_refund_id,
        # JSONB keeps no order of keys, and a repeated call must be the same to the byte.
        parameters=json.loads(json.dumps(refund.parameters, sort_keys=True)) or {},
        key_forgotten=bool(forgotten),
        unclear_seconds=(utcnow() - since).total_seconds(),
    )


@atomic
def _note(session: Session, refund_id: str, answer: Answer, *, alert: bool = False) -> None:
    refund = lock(session, refund_id)
    note_reply(session, refund, answer)
    if alert:
        alerts.raise_alert(
            session,
            "refund_waits",
            f"refund_waits:{answer.error_code}",
            f"Refunds wait for Stripe: {(answer.error or {}).get('message') or answer.error_code}",
            severity="critical" if answer.verdict == Verdict.MISCONFIGURED else "warning",
        )


@atomic
def _tell_a_person(session: Session, refund_id: str) -> None:
    refund = lock(session, refund_id)
    alerts.raise_alert(
        session,
        "outcome_unknown",
        f"unknown:{refund_id}",
        f"{refund_id} ({refund.money}) has been {refund.state} for "
        f"{'a day' if refund.state == 'unknown' else 'ten days'}: look at Stripe",
        severity="critical",
        transaction_id=refund.transaction_id,
    )


@atomic
def _tell_of_refusal(session: Session, refund_id: str, answer: Answer) -> None:
    refund = lock(session, refund_id)
    alerts.raise_alert(
        session,
        "refund_refused",
        f"refund_refused:{refund_id}",
        f"Stripe refused to refund {refund.money} of {refund.transaction_id}, and no money was "
        f"given back: {(answer.error or {}).get('message') or answer.error_code}",
        transaction_id=refund.transaction_id,
    )
