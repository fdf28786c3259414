"""send_answer: what Stripe is given of an answer: a draft, and then the submission, once.

Safe from a lost answer and from a second copy of the worker: each try to submit begins with a look
at Stripe's submission_count, and a call that may still be under way is repeated with its own key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import disputes as gateway
from payments_app.gateway.files import upload_evidence
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.waits import next_try
from payments_app.gateway.words import known
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
from payments_app.payments.disputes.models import NEEDS_ANSWER, STATES, Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.read_or_later import RETRY_SECONDS, read_or_later

LOST_SECONDS = 5.0
KEY_USED = "idempotency_error"  # with other evidence than is sent now
GONE = "Stripe does not know this dispute."
NOT_ASKED = "The bank takes no answer any more: look at how it stands."


class _RefusedError(Exception):
    """Stripe refused it for good; the message is its own."""


@dataclass(frozen=True)
class _Sending:
    """What is sent, as plain data: no row is held while Stripe is called."""

    answer_id: str
    dispute_id: str
    stripe_id: str
    account: str | None
    texts: dict[str, str]
    revision: int
    sends: int
    counted: int | None


def keep_draft(answer_id: str, claim: Claim) -> None:
    """Have Stripe keep the draft as it is now, unsubmitted. Raises Later where it can't now."""
    sending = _snapshot(answer_id, DRAFT)
    if sending is None:
        return
    try:
        body = _read(sending)
        key = f"{answer_id}_draft_{sending.revision}_{claim.tries}"  # it may be kept twice
        answer = _send(sending, body, claim, submit=False, key=key)
        if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
            raise _RefusedError(answer.words or NOT_ASKED)
    except _RefusedError as error:
        _note_problem(answer_id, sending.revision, str(error))
        return
    if answer.verdict != Verdict.ANSWERED:
        raise Later(LOST_SECONDS, f"draft: {answer.error_code}")
    _note_kept(answer_id, sending.revision)


def submit(answer_id: str, claim: Claim) -> None:
    """Submit an answer that was confirmed; do nothing to one that was sent.

    Raises Later while it is not known whether it arrived.
    """
    sending = _snapshot(answer_id, SENDING)
    if sending is None:
        return
    try:
        body = _read(sending)
        count = gateway.submission_count(body)
        if sending.counted is not None and count > sending.counted:
            _note_sent(answer_id, body, None)  # a try whose answer was lost
            return
        if known(body.get("status"), STATES - NEEDS_ANSWER):
            raise _RefusedError(NOT_ASKED)
        if sending.counted is None:
            _note_call(answer_id, count)
        key = f"{answer_id}_submit_{sending.sends}"
        answer = _send(sending, body, claim, submit=True, key=key)
        if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
            raise _RefusedError(answer.words or NOT_ASKED)
    except _RefusedError as error:
        _refused(answer_id, str(error))
        return
    if answer.verdict == Verdict.ANSWERED and not answer.replayed:
        _note_sent(answer_id, answer.expect_body(), answer)
        return
    if answer.verdict != Verdict.ANSWERED and (answer.replayed or answer.error_type == KEY_USED):
        # It ended, and the key only says so: after a look, it is made with another.
        _another_key(answer_id, sending.sends)
    raise Later(LOST_SECONDS, f"submission: {answer.error_code or 'replayed'}")


def _read(sending: _Sending) -> dict[str, Any]:
    found = read_or_later(
        sending.stripe_id,
        lambda: [gateway.retrieve_dispute(sending.stripe_id, sending.account).expect_body()],
    )
    if not found:
        raise _RefusedError(GONE)
    return found[0]


def _send(
    sending: _Sending, body: dict[str, Any], claim: Claim, *, submit: bool, key: str
) -> Answer:
    """All of the evidence, and nothing beside it that an earlier draft held."""
    evidence = {**sending.texts, **_uploaded(sending, claim)}
    staged = as_object(body.get("evidence"))
    gone = {
        name: ""
        for name, kept in staged.items()
        if isinstance(kept, str) and kept and name not in evidence
    }
    answer = gateway.update_dispute(
        sending.stripe_id, {**gone, **evidence}, submit=submit, key=key, account=sending.account
    )
    _wait_where_refused_for_now(answer, claim)
    return answer


def _uploaded(sending: _Sending, claim: Claim) -> dict[str, str]:
    """The ids of the files at Stripe, by field; each is uploaded once."""
    found = {}
    for file in _files(sending.dispute_id):
        if file.stripe_file_id is None:
            content = _content(file.id)
            answer = upload_evidence(content, file.filename, file.id, sending.account)
            _wait_where_refused_for_now(answer, claim)
            if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
                raise _RefusedError(f"{file.filename}: {answer.words}")
            if answer.verdict != Verdict.ANSWERED:
                raise Later(LOST_SECONDS, f"upload: {answer.error_code}")
            file.stripe_file_id = _note_uploaded(file.id, answer.expect_body()["id"])
        found[file.field] = file.stripe_file_id
    return found


def _wait_where_refused_for_now(answer: Answer, claim: Claim) -> None:
    if answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
        seconds = next_try(answer, claim.tries, then=RETRY_SECONDS)
        raise Later(seconds, f"{answer.call}: {answer.error_code}", is_try=not answer.throttled)


@atomic
def _snapshot(session: Session, answer_id: str, state: str) -> _Sending | None:
    row = session.execute(
        select(DisputeAnswer, Dispute, Transaction)
        .join(Dispute, Dispute.id == DisputeAnswer.dispute_id)
        .join(Transaction, Transaction.id == Dispute.transaction_id)
        .where(DisputeAnswer.id == answer_id)
        .execution_options(populate_existing=True)
    ).one()
    answer, dispute, transaction = row
    if answer.state != state:
        return None
    return _Sending(
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
def _files(session: Session, dispute_id: str) -> list[EvidenceFile]:
    found = list(files_of(session, dispute_id))
    for file in found:
        session.expunge(file)
    return found


@atomic
def _content(session: Session, file_id: str) -> bytes:
    return session.scalars(select(EvidenceFile.content).where(EvidenceFile.id == file_id)).one()


@atomic
def _note_uploaded(session: Session, file_id: str, stripe_file_id: str) -> str:
    session.execute(
        update(EvidenceFile).where(EvidenceFile.id == file_id).values(stripe_file_id=stripe_file_id)
    )
    return stripe_file_id


@atomic
def _note_kept(session: Session, answer_id: str, revision: int) -> None:
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.kept_revision < revision)
        .values(kept_revision=revision)
    )


@atomic
def _note_problem(session: Session, answer_id: str, revision: int, words: str) -> None:
    """Of a draft that nobody changed meanwhile."""
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
def _note_call(session: Session, answer_id: str, counted: int) -> None:
    """Before the first call that may submit it: whoever takes over looks whether it did."""
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.called_at.is_(None))
        .values(called_at=database_now(), counted=counted)
    )


@atomic
def _another_key(session: Session, answer_id: str, sends: int) -> None:
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.sends == sends)
        .values(sends=sends + 1)
    )


@atomic
def _note_sent(
    session: Session, answer_id: str, body: dict[str, Any], answer: Answer | None
) -> None:
    kept, dispute = _lock(session, answer_id)
    if kept.state != SENDING:
        return
    kept.state, kept.sent_at = SENT, database_now()
    end_alerts(session, dispute.id, kept.to_state)
    _record(
        session,
        dispute,
        "dispute.answer_submitted",
        submission_count=gateway.submission_count(body),
        request_id=answer.request_id if answer else None,
        found_at_stripe=None if answer else True,
    )
    # What became of it is read as any other news of it.
    stripe_id = dispute.stripe_dispute_id
    outbox.stage(session, "disputes.refresh", stripe_id, key=f"disputes.refresh:{answer_id}")


@atomic
def _refused(session: Session, answer_id: str, words: str) -> None:
    kept, dispute = _lock(session, answer_id)
    if kept.state != SENDING:
        return
    kept.state, kept.problem = DRAFT, words
    _record(session, dispute, "dispute.answer_refused", message=words)
    alerts.raise_alert(
        session,
        "dispute_answer_refused",
        f"dispute_answer_refused:{answer_id}:{kept.sends}",
        f"{dispute.transaction_id} ({dispute.money}): the answer to its dispute was not submitted: "
        f"{words}",
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
