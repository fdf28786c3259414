"""apply_stripe_state: move a transaction to the state that Stripe says. The one way to it.

The charge, the look-up, the webhook and the sweeper all end here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs import leases, outbox
from payments_app.core.jobs.command import Claim
from payments_app.gateway.calls import NEW_STATUS
from payments_app.gateway.record_call import record_call
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import alert_unknown_word
from payments_app.payments import states
from payments_app.payments.connect.records import READ
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.transactions.keep_answer import keep_answer, keep_error
from payments_app.payments.transactions.received import mismatch, receive

PHASE_OF = {
    Verdict.SUCCEEDED: Phase.COMPLETE,
    Verdict.PROCESSING: Phase.AWAITING_BANK,
    Verdict.REQUIRES_ACTION: Phase.REQUIRES_ACTION,
    Verdict.DECLINED: Phase.FAILED,
    Verdict.INVALID: Phase.FAILED,
    Verdict.CANCELED: Phase.CANCELED,
    Verdict.UNKNOWN: Phase.UNKNOWN,
    Verdict.MOVED_ON: Phase.UNKNOWN,
}


@atomic
def apply_stripe_state(
    session: Session,
    transaction_id: str,
    answer: Answer,
    *,
    fresh: bool = False,
    actor: str = "stripe",
    claim: Claim | None = None,
) -> str:
    """`apply_in_session`, as a database transaction of its own, which also says that the message
    of `claim` is done; not where its lease was lost: whoever has it now finds nothing to do."""
    phase = apply_in_session(session, transaction_id, answer, fresh=fresh, actor=actor)
    if claim is not None:
        leases.finish_with(session, claim)
    return phase


def apply_in_session(
    session: Session,
    transaction_id: str,
    answer: Answer,
    *,
    fresh: bool = False,
    actor: str = "stripe",
) -> str:
    """Move a transaction to what `answer` says, with the call in its history; return its phase.

    `fresh` says that the answer was just read at Stripe: only then may it correct a final state.
    An answer about another amount or currency, and one that it succeeded which does not say what
    was received, changes no state and raises an alert.
    """
    transaction = states.lock(session, transaction_id)
    note_call(session, transaction_id, answer)
    phase = PHASE_OF[answer.verdict]
    if _mismatch(session, transaction, answer):
        phase = Phase.UNKNOWN
    if transaction.phase in states.FINAL:
        _correct(session, transaction, answer, phase, fresh=fresh)
    elif transaction.phase == phase:
        keep_answer(transaction, answer)
    elif states.MACHINE.allows(transaction.phase, phase):
        keep_answer(transaction, answer)
        states.move(session, transaction, phase, actor=actor, **receive(transaction, answer, phase))
    _stage_connect_read(session, transaction)
    return transaction.phase


def _stage_connect_read(session: Session, transaction: Transaction) -> None:
    """A merchant's sale has records on two accounts; any other needs no message for them."""
    if transaction.phase == Phase.COMPLETE and transaction.connected_account_id is not None:
        outbox.stage(session, READ, transaction.id)


@atomic
def complete_zero_amount(session: Session, transaction_id: str) -> None:
    """A payment of nothing succeeds without Stripe."""
    transaction = states.lock(session, transaction_id)
    if transaction.phase != Phase.PROCESSING:
        return
    transaction.stripe_data = {"type": "zero_amount"}
    transaction.amount_received = 0
    states.move(session, transaction, Phase.COMPLETE, reason="nothing to pay")


@atomic
def give_up(
    session: Session,
    transaction_id: str,
    phase: str,
    error: dict[str, Any],
    answer: Answer | None = None,
) -> None:
    """`end`, as a database transaction of its own."""
    end(session, transaction_id, phase, error, answer)


def end(
    session: Session,
    transaction_id: str,
    phase: str,
    error: dict[str, Any],
    answer: Answer | None = None,
) -> None:
    """End a transaction of which we know that no money moved; `answer` is the cancelled intent."""
    transaction = states.lock(session, transaction_id)
    if not states.MACHINE.allows(transaction.phase, phase):
        return
    if answer is not None:
        keep_answer(transaction, answer)
    keep_error(transaction, error)
    states.move(session, transaction, phase, reason=transaction.error_message)


@atomic
def note(session: Session, transaction_id: str, answer: Answer) -> None:
    """`note_made`, as a database transaction of its own."""
    note_made(session, transaction_id, answer)


def note_made(session: Session, transaction_id: str, answer: Answer) -> None:
    """Keep a call that decided nothing in the transaction's history, if it was made at all."""
    if answer.was_made:
        note_call(session, transaction_id, answer)


def note_call(session: Session, transaction_id: str, answer: Answer) -> None:
    """Keep a call in the transaction's history, and tell a person of a status in its answer that
    we do not know."""
    record_call(session, answer, transaction_id=transaction_id)
    if answer.error_code == NEW_STATUS:
        status = answer.expect_body().get("status")
        alert_unknown_word(
            session, transaction_id, "intent's status", status, transaction_id=transaction_id
        )


def _mismatch(session: Session, transaction: Transaction, answer: Answer) -> bool:
    problem = mismatch(transaction, answer)
    if problem is None:
        return False
    alerts.raise_alert(
        session,
        "mismatch",
        f"mismatch:{transaction.id}",
        f"{transaction.id}: Stripe's intent {problem}",
        severity="critical",
        transaction_id=transaction.id,
    )
    return True


def _correct(
    session: Session, transaction: Transaction, answer: Answer, phase: str, *, fresh: bool
) -> None:
    """A final state stands, unless a fresh read says that the money moved after all."""
    if phase == transaction.phase or not fresh:
        return
    if not states.CORRECTIONS.allows(transaction.phase, phase):
        return
    keep_answer(transaction, answer)
    transaction.error = transaction.error_code = transaction.error_message = None
    received = receive(transaction, answer, phase)
    states.move(session, transaction, phase, correction=True, **received)
    alerts.raise_alert(
        session,
        "corrected",
        f"corrected:{transaction.id}",
        f"{transaction.id} had ended without money, but Stripe says that it succeeded",
        severity="critical",
        transaction_id=transaction.id,
    )


def mark_closed(session: Session, transaction: Transaction, answer: Answer) -> None:
    """An ended transaction's intent is closed at Stripe: it can never succeed late."""
    note_call(session, transaction.id, answer)
    transaction.stripe_status = "canceled"
