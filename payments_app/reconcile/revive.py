"""revive: what is open without a scheduled next step gets a message again."""

from __future__ import annotations

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.payments import states
from payments_app.payments.disputes.answer import ACCEPT, SUBMIT
from payments_app.payments.disputes.answer_models import SENDING, DisputeAnswer
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.phases import Phase
from payments_app.payments.refunds.models import UNCLEAR, RefundState
from payments_app.payments.refunds.models import lock as lock_refund
from payments_app.reconcile import internal_payments, internal_refunds_and_disputes

NEXT_STEP: dict[str, str] = {
    Phase.CREATED: "charge",
    Phase.PROCESSING: "charge",
    Phase.REQUIRES_ACTION: "expire_action",
    Phase.AWAITING_BANK: "look_up",
    Phase.UNKNOWN: "look_up",
}
# What died is looked at by a person; until then it is tried again, but at a slow pace.
AFTER_DEAD_LETTER_SECONDS = 3600.0


@atomic
def revive(session: Session) -> int:
    """Give every stuck payment, refund and answer of a dispute its next step again; return how
    many got one."""
    payments = session.execute(internal_payments.stuck()).all()
    refunds = session.execute(internal_refunds_and_disputes.stuck()).all()
    answers = session.scalars(_unsent_answers()).all()
    return (
        sum(revive_payment(session, row[0]) for row in payments)
        + sum(revive_refund(session, row[0]) for row in refunds)
        + sum(_revive_answer(session, answer_id) for answer_id in answers)
    )


def revive_payment(session: Session, transaction_id: str) -> bool:
    """Stage the next step of a pending payment in the caller's transaction, with an alert.

    Safe from two sweepers: the second waits for the row, and finds the first one's message.
    """
    transaction = states.lock(session, transaction_id)
    command = NEXT_STEP.get(transaction.phase)
    if command is None:
        return False
    return revive_step(session, command, transaction_id, transaction_id, transaction.phase)


def revive_refund(session: Session, refund_id: str) -> bool:
    """The same for an open refund."""
    refund = lock_refund(session, refund_id)
    if refund.state in (RefundState.REQUESTED, RefundState.PROCESSING):
        command = "refunds.send"
    elif refund.state in UNCLEAR:
        command = "refunds.look_up"
    else:
        return False
    return revive_step(session, command, refund_id, refund.transaction_id, refund.state)


def _unsent_answers() -> Select[str]:
    """Answers of disputes that were confirmed, and for which no message waits that sends them."""
    commands = Message.command.in_((SUBMIT, ACCEPT))
    waits = exists().where(Message.subject == DisputeAnswer.id, commands, *OPEN)
    confirmed_at = func.coalesce(DisputeAnswer.accepted_at, DisputeAnswer.submitted_at)
    return select(DisputeAnswer.id).where(
        DisputeAnswer.state == SENDING,
        confirmed_at < database_now(-internal_payments.STUCK_SECONDS),
        ~waits,
    )


def _revive_answer(session: Session, answer_id: str) -> bool:
    """Its job looks first whether Stripe has it: it may be staged as often as needed."""
    dispute = session.get_one(Dispute, session.get_one(DisputeAnswer, answer_id).dispute_id)
    states.lock(session, dispute.transaction_id)
    answer = session.get_one(DisputeAnswer, answer_id, populate_existing=True)
    if answer.state != SENDING:
        return False
    command = SUBMIT if answer.accepted_at is None else ACCEPT
    return revive_step(session, command, answer_id, dispute.transaction_id, SENDING)


def revive_step(
    session: Session, command: str, subject: str, transaction_id: str, state: str
) -> bool:
    """Stage `command` for a subject that is stuck in `state`; False where another did already."""
    before, dead, ended = session.execute(
        select(
            func.count(),
            func.count(Message.dead_at),
            func.count(func.coalesce(Message.done_at, Message.dead_at)),
        ).where(Message.subject == subject, Message.command == command)
    ).one()
    if before > ended:
        return False
    fresh = outbox.stage(
        session,
        command,
        subject,
        key=f"{command}:{subject}:revived-{before}",
        delay=AFTER_DEAD_LETTER_SECONDS if dead else 0,
    )
    if not fresh:
        return False
    history.record(
        session,
        "system",
        "reconcile.revived",
        transaction_id=transaction_id,
        subject=subject,
        command=command,
        state=state,
    )
    alerts.raise_alert(
        session,
        "revived",
        "revived",
        f"{subject} was {state} with nothing scheduled: {command} is due again",
        subject=subject,
    )
    return True
