"""answer_steps: an answer's steps in the database, between the calls to Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.gateway.disputes import submission_count
from payments_app.gateway.results import Answer
from payments_app.gateway.words import alert_unknown_word
from payments_app.payments import states
from payments_app.payments.connect.account import account_of
from payments_app.payments.disputes.answer import files_of
from payments_app.payments.disputes.answer_models import (
    DRAFT,
    SENDING,
    SENT,
    DisputeAnswer,
    EvidenceFile,
)
from payments_app.payments.disputes.deadlines import end_alerts
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction


@dataclass(frozen=True)
class Sending:
    """What is sent, as plain data: no row is held while Stripe is called."""

    answer_id: str
    dispute_id: str
    stripe_id: str
    account: str | None
    texts: dict[str, str]
    revision: int
    sends: int
    counted: int | None


@atomic
def snapshot(
    session: Session, answer_id: str, state: str, *, accepts: bool = False
) -> Sending | None:
    """What is to be sent of an answer in this state; None of one in another, and of one that
    `accepts` the dispute where that is not meant."""
    row = session.execute(
        select(DisputeAnswer, Dispute, Transaction)
        .join(Dispute, Dispute.id == DisputeAnswer.dispute_id)
        .join(Transaction, Transaction.id == Dispute.transaction_id)
        .where(DisputeAnswer.id == answer_id)
        .execution_options(populate_existing=True)
    ).one()
    answer, dispute, transaction = row
    if answer.state != state or (answer.accepted_at is not None) != accepts:
        return None
    return Sending(
        answer_id,
        dispute.id,
        dispute.stripe_dispute_id,
        account_of(transaction),
        dict(answer.evidence),
        answer.revision,
        answer.sends,
        answer.counted if answer.called_at else None,
    )


@atomic
def files_to_send(session: Session, dispute_id: str) -> list[EvidenceFile]:
    """The files, as plain data."""
    found = list(files_of(session, dispute_id))
    for file in found:
        session.expunge(file)
    return found


@atomic
def content_of(session: Session, file_id: str) -> bytes:
    """What is in a file."""
    return session.scalars(select(EvidenceFile.content).where(EvidenceFile.id == file_id)).one()


@atomic
def note_uploaded(session: Session, file_id: str, stripe_file_id: str) -> str:
    """Stripe has it, by this id."""
    session.execute(
        update(EvidenceFile).where(EvidenceFile.id == file_id).values(stripe_file_id=stripe_file_id)
    )
    return stripe_file_id


@atomic
def note_kept(session: Session, answer_id: str, revision: int) -> None:
    """Stripe has this revision as a draft."""
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.kept_revision < revision)
        .values(kept_revision=revision)
    )


@atomic
def note_problem(session: Session, answer_id: str, revision: int, words: str) -> None:
    """Stripe refused a draft that nobody changed meanwhile."""
    session.execute(
        update(DisputeAnswer)
        .where(
            DisputeAnswer.id == answer_id,
            DisputeAnswer.state == DRAFT,
            DisputeAnswer.revision == revision,
        )
        .values(problem=words)
    )


@atomic
def note_call(session: Session, answer_id: str, counted: int) -> None:
    """Before the first call that may submit it: whoever takes over looks whether it did."""
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.called_at.is_(None))
        .values(called_at=database_now(), counted=counted)
    )


@atomic
def use_another_key(session: Session, answer_id: str, sends: int) -> None:
    """The key that was used is good for nothing any more."""
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.sends == sends)
        .values(sends=sends + 1)
    )


@atomic
def note_unknown_status(session: Session, dispute_id: str, status: Any) -> None:
    """Tell a person of a status at Stripe that we do not know: it waits for another."""
    owner = session.get_one(Dispute, dispute_id).transaction_id
    alert_unknown_word(session, dispute_id, "dispute's status", status, transaction_id=owner)


@atomic
def note_sent(
    session: Session, answer_id: str, body: dict[str, Any], answer: Answer | None
) -> None:
    """The bank has it; `answer` is None where that was found at Stripe."""
    kept, dispute = _lock(session, answer_id)
    if kept.state != SENDING:
        return
    kept.state, kept.sent_at = SENT, database_now()
    end_alerts(session, dispute.id, kept.to_state)
    for number in range(1, kept.sends + 1):
        alerts.acknowledge(session, _refused_key(kept.id, number), history.SYSTEM)
    _record(
        session,
        dispute,
        "dispute.accepted" if kept.accepted_at else "dispute.answer_submitted",
        submission_count=submission_count(body),
        request_id=answer.request_id if answer else None,
        found_at_stripe=None if answer else True,
    )
    # What became of it is read as any other news of it.
    stripe_id = dispute.stripe_dispute_id
    outbox.stage(session, "disputes.refresh", stripe_id, key=f"disputes.refresh:{answer_id}")


@atomic
def note_refused(session: Session, answer_id: str, words: str) -> None:
    """It is a draft again, and somebody is told."""
    kept, dispute = _lock(session, answer_id)
    if kept.state != SENDING:
        return
    accepts = kept.accepted_at is not None
    kept.state, kept.problem, kept.accepted_at = DRAFT, words, None
    what = "dispute.acceptance_refused" if accepts else "dispute.answer_refused"
    _record(session, dispute, what, message=words)
    failed = (
        "its dispute was not accepted" if accepts else "the answer to its dispute was not submitted"
    )
    alerts.raise_alert(
        session,
        "dispute_answer_refused",
        _refused_key(answer_id, kept.sends),
        f"{dispute.transaction_id} ({dispute.money}): {failed}: {words}",
        severity="critical",
        transaction_id=dispute.transaction_id,
    )


def _lock(session: Session, answer_id: str) -> tuple[DisputeAnswer, Dispute]:
    """An answer and its dispute, the payment locked."""
    dispute = session.get_one(Dispute, session.get_one(DisputeAnswer, answer_id).dispute_id)
    states.lock(session, dispute.transaction_id)
    return session.get_one(DisputeAnswer, answer_id, populate_existing=True), dispute


def _record(session: Session, dispute: Dispute, what: str, **data: object) -> None:
    history.record(
        session,
        "state",
        what,
        actor="worker",
        transaction_id=dispute.transaction_id,
        subject=dispute.id,
        **data,
    )


def _refused_key(answer_id: str, sends: int) -> str:
    return f"dispute_answer_refused:{answer_id}:{sends}"
