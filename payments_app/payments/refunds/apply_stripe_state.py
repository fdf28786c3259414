"""apply_stripe_state: move a refund to the state that Stripe says. The one way to its outcome."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.money import code_of
from payments_app.gateway.record_call import record_call
from payments_app.gateway.results import Answer
from payments_app.gateway.words import alert_unknown_word, known, sentence, word
from payments_app.payments.models import Transaction
from payments_app.payments.payment_of import charge_of, is_about, names_of
from payments_app.payments.refunds.models import (
    AT_STRIPE,
    CORRECTIONS,
    MACHINE,
    NOT_REFUNDED,
    Refund,
    RefundState,
    lock,
    move,
)


@atomic
def apply_stripe_refund(
    session: Session, refund_id: str, answer: Answer, *, actor: str = "stripe"
) -> str:
    """Keep what Stripe answered about a refund and move it there; return its state.

    `answer` holds the refund's body. Safe in any order: a move that the table does not allow is
    news that was overtaken.
    """
    refund = lock(session, refund_id)
    note_call(session, refund, answer)
    take(session, refund, answer.expect_body(), actor=actor)
    return refund.state


@atomic
def end_refund(
    session: Session,
    refund_id: str,
    state: str,
    error: dict[str, Any],
    answer: Answer | None = None,
) -> str:
    """Move a refund to `failed` (no money went back by it) or `unknown`, with the error."""
    refund = lock(session, refund_id)
    if answer is not None:
        note_call(session, refund, answer)
    if MACHINE.allows(refund.state, state):
        _keep_error(refund, error)
        move(session, refund, state, message=refund.error_message)
    return refund.state


def take(session: Session, refund: Refund, body: dict[str, Any], *, actor: str) -> None:
    """The same for a locked refund, in the caller's transaction."""
    if _is_listed(session, refund, body["id"]):
        _end_as_listed(session, refund, body["id"])
        return
    if refund.state == RefundState.REQUESTED:
        # It was sent all the same, before a backup was restored.
        refund.sent_at = database_now()
        move(session, refund, RefundState.PROCESSING, actor=actor)
    misfits = _mismatch(session, refund, body)
    refund.stripe_refund_id = refund.stripe_refund_id or body["id"]
    if misfits:
        _never_send_again(session, refund)
        return
    before, correction = refund.unknown_status, was_made_after_all(refund, body)
    refund.stripe_data = body
    status = known(body.get("status"), AT_STRIPE)
    if status is None:
        _keep_unknown_status(session, refund, before)
        return
    if status == refund.state or not (correction or MACHINE.allows(refund.state, status)):
        return
    failure = word(body.get("failure_reason"), 100)
    if status in ("failed", "canceled"):
        words = f"Stripe says that this refund {_WORDS[status]}"
        _keep_error(refund, {"code": failure or f"refund_{status}", "message": words})
        _tell_of_failure(session, refund)
    else:
        refund.error = refund.error_code = refund.error_message = None
    if correction:
        _tell_of_correction(session, refund)
    move(session, refund, status, actor=actor, correction=correction, failure_reason=failure)


def was_made_after_all(refund: Refund, body: dict[str, Any]) -> bool:
    """Whether a refund that ended as failed here was made by Stripe, which never said that it
    failed: it had answered an error, and did not list it yet."""
    said = known(as_object(refund.stripe_data).get("status"), NOT_REFUNDED)
    status = known(body.get("status"), AT_STRIPE)
    return said is None and status is not None and CORRECTIONS.allows(refund.state, status)


def _tell_of_failure(session: Session, refund: Refund) -> None:
    """Its buyer is told that a person looks into it."""
    alerts.raise_alert(
        session,
        "refund_failed",
        f"refund_failed:{refund.id}",
        f"{refund.id} ({refund.money}) of {refund.transaction_id} did not arrive. Refund it again, "
        "or in another way: its buyer was told that we do",
        transaction_id=refund.transaction_id,
    )


def _tell_of_correction(session: Session, refund: Refund) -> None:
    alerts.raise_alert(
        session,
        "corrected",
        f"corrected:{refund.id}",
        f"{refund.id} ({refund.money}) had ended as failed, but Stripe made it. Look whether it "
        "was refunded once more",
        severity="critical",
        transaction_id=refund.transaction_id,
    )


def _is_listed(session: Session, refund: Refund, stripe_id: str) -> bool:
    """Whether Stripe's refund is a row of its own: its metadata did not say that it was ours."""
    other = select(Refund.id).where(Refund.stripe_refund_id == stripe_id, Refund.id != refund.id)
    return session.scalar(other) is not None


def _end_as_listed(session: Session, refund: Refund, stripe_id: str) -> None:
    words = (
        f"Stripe made this refund as {stripe_id}, which is listed on its own. The money was "
        "refunded: don't request it again."
    )
    if MACHINE.allows(refund.state, RefundState.FAILED):
        _keep_error(refund, {"code": "refund_listed", "message": words})
        move(session, refund, RefundState.FAILED, message=refund.error_message)


def _keep_unknown_status(session: Session, refund: Refund, before: str | None) -> None:
    """Stripe has the refund in a state that we do not know: it counts neither as done nor as
    failed, and is looked up."""
    _never_send_again(session, refund, message=refund.unknown_status)
    if refund.unknown_status != before:
        tell_of_status(session, refund)


def _never_send_again(session: Session, refund: Refund, **data: Any) -> None:
    """It is at Stripe, whatever that says of it: from now on it is only looked up."""
    if refund.state == RefundState.PROCESSING:
        move(session, refund, RefundState.UNKNOWN, actor="stripe", **data)


def tell_of_status(session: Session, refund: Refund) -> None:
    """Tell a person of a status at Stripe that we do not know."""
    status = as_object(refund.stripe_data).get("status")
    alert_unknown_word(
        session, refund.id, "refund's status", status, transaction_id=refund.transaction_id
    )


@atomic
def note(session: Session, refund_id: str, answer: Answer) -> None:
    """`note_call`, as a database transaction of its own."""
    note_call(session, lock(session, refund_id), answer)


def note_call(session: Session, refund: Refund, answer: Answer) -> None:
    """Keep a call in the payment's history."""
    record_call(session, answer, transaction_id=refund.transaction_id, subject=refund.id)


_WORDS = {"failed": "failed: the money did not arrive", "canceled": "was cancelled"}


def _keep_error(refund: Refund, error: dict[str, Any]) -> None:
    refund.error = error
    refund.error_code = word(error.get("code") or error.get("type"), 100)
    refund.error_message = sentence(error.get("message")) or "Unknown error occurred"


def _mismatch(session: Session, refund: Refund, body: dict[str, Any]) -> bool:
    """A refund of another amount or payment changes no state, and a person must look."""
    transaction = session.get_one(Transaction, refund.transaction_id)
    theirs = (body.get("amount"), code_of(body.get("currency")), *names_of(body))
    ours = (refund.amount, refund.currency, transaction.stripe_payment_id, charge_of(transaction))
    same = theirs[:2] == ours[:2] and is_about(transaction, body)
    if same and refund.stripe_refund_id in (None, body.get("id")):
        return False
    alerts.raise_alert(
        session,
        "mismatch",
        f"mismatch:{refund.id}",
        f"{refund.id}: Stripe's refund {body.get('id')} is of {theirs}, ours of {ours}",
        severity="critical",
        transaction_id=refund.transaction_id,
    )
    return True
