"""answer: prepare what the bank is answered, and ask for it to be submitted, or for the dispute to
be given up, once. Jobs send all of it
(`send_answer.py`); no page waits for Stripe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.card_numbers import refuse
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.payments import states
from payments_app.payments.disputes.answer_models import (
    DRAFT,
    SENDING,
    DisputeAnswer,
    EvidenceFile,
)
from payments_app.payments.disputes.evidence import (
    FILES,
    MOST_BYTES,
    kind_of_file,
    problems_of,
    why_not,
    why_not_accepted,
)
from payments_app.payments.disputes.models import Dispute

KEEP_DRAFT, SUBMIT, ACCEPT = "disputes.keep_draft", "disputes.submit", "disputes.accept"
_ID_LENGTH = 40  # of a file at Stripe, at most


class AnswerClosedError(Exception):
    """This dispute can't be answered, or not any more; the message is a sentence for staff."""


class DraftChangedError(AnswerClosedError):
    """Somebody changed the draft since it was read."""


class EvidenceError(ValueError):
    """Evidence that can't be kept; `fields` say what is wrong with each."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(next(iter(fields.values())))
        self.fields = dict(fields)


def answer_of(session: Session, dispute: Dispute) -> DisputeAnswer | None:
    """The answer to a dispute as it stands; of one that asks for none, the last that was given."""
    found = select(DisputeAnswer).where(DisputeAnswer.dispute_id == dispute.id)
    if dispute.needs_answer:
        found = found.where(DisputeAnswer.to_state == dispute.state)
    newest = found.order_by(DisputeAnswer.saved_at.desc(), DisputeAnswer.id)
    return session.scalars(newest.execution_options(populate_existing=True)).first()


def files_of(session: Session, dispute_id: str) -> Sequence[EvidenceFile]:
    """The files of a dispute, without their content."""
    mine = select(EvidenceFile).where(EvidenceFile.dispute_id == dispute_id)
    newest = mine.order_by(EvidenceFile.field).execution_options(populate_existing=True)
    return session.scalars(newest).all()


@atomic
def save_draft(
    session: Session, dispute_id: str, texts: Mapping[str, str], *, revision: int, actor: str
) -> int:
    """Keep these texts as the draft of the answer, and have Stripe keep it too, unsubmitted;
    return its revision. `revision` is the one that the writer read, 0 of none.

    Raises AnswerClosedError, DraftChangedError, EvidenceError.
    """
    answer = _editable(session, dispute_id, revision, actor)
    evidence = {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
    evidence = {name: text for name, text in evidence.items() if text}
    ids = _ID_LENGTH * len(files_of(session, dispute_id))
    if problems := problems_of(evidence, ids):
        raise EvidenceError(problems)
    answer.evidence = evidence
    return _saved(session, answer, "dispute.draft_saved", actor)


@atomic
def add_file(
    session: Session,
    dispute_id: str,
    field: str,
    filename: str,
    content: bytes,
    *,
    revision: int,
    actor: str,
) -> int:
    """Add a file to the draft, in place of the one that its field had; return its revision.

    Raises as `save_draft` does.
    """
    answer = _editable(session, dispute_id, revision, actor)
    if field not in FILES:
        raise EvidenceError({"field": "Choose what the file shows."})
    try:
        refuse(filename)
        media_type, suffix = kind_of_file(content)
    except ValueError as error:
        raise EvidenceError({"file": str(error)}) from error
    others = select(func.sum(EvidenceFile.size)).where(
        EvidenceFile.dispute_id == dispute_id, EvidenceFile.field != field
    )
    total = len(content) + int(session.scalar(others) or 0)
    if total > MOST_BYTES:
        most = f"{MOST_BYTES / 1_000_000:.1f} MB"
        raise EvidenceError({"file": f"All files together have at most {most}."})
    _remove(session, dispute_id, field)
    file = EvidenceFile(
        dispute_id=dispute_id,
        field=field,
        filename=_filename(filename, suffix),
        media_type=media_type,
        size=len(content),
        content=content,
        added_by=actor,
    )
    session.add(file)
    return _saved(session, answer, "dispute.file_added", actor, file=file.filename, shows=field)


@atomic
def remove_file(session: Session, dispute_id: str, field: str, *, revision: int, actor: str) -> int:
    """Take the file of a field out of the draft; return its revision. Raises as `save_draft`."""
    answer = _editable(session, dispute_id, revision, actor)
    _remove(session, dispute_id, field)
    return _saved(session, answer, "dispute.file_removed", actor, shows=field)


@atomic
def request_submission(session: Session, dispute_id: str, *, revision: int, actor: str) -> None:
    """Have the draft submitted to the bank: once, and it can't be taken back. `revision` is the
    one that was reviewed. Safe from two at once: the payment is locked, and the second finds it
    under way.

    Raises AnswerClosedError, DraftChangedError; EvidenceError for a draft that says nothing.
    """
    answer = _editable(session, dispute_id, revision, actor)
    dispute = session.get_one(Dispute, dispute_id)
    if not answer.evidence and not files_of(session, dispute_id):
        raise EvidenceError({"uncategorized_text": "Write an answer first."})
    answer.submitted_at = database_now()
    _confirm(session, answer, SUBMIT, actor)
    _record(session, dispute, "dispute.answer_confirmed", actor, revision=revision)


@atomic
def request_acceptance(session: Session, dispute_id: str, *, revision: int, actor: str) -> None:
    """Have the dispute given up: its money stays with the customer, and that can't be taken back.
    The draft, if there is one, stays here and is not sent. Safe from two at once as
    `request_submission` is, also from one of the other kind.

    Raises AnswerClosedError, DraftChangedError.
    """
    answer = _editable(session, dispute_id, revision, actor)
    dispute = session.get_one(Dispute, dispute_id)
    if closed := why_not_accepted(dispute):
        raise AnswerClosedError(closed)
    # `submitted_at` is empty, so that a release before this one does not submit the draft.
    answer.accepted_at, answer.submitted_at = database_now(), None
    session.flush()
    _confirm(session, answer, ACCEPT, actor)
    _record(
        session,
        dispute,
        "dispute.acceptance_confirmed",
        actor,
        amount=dispute.amount,
        currency=dispute.currency,
    )


def _confirm(session: Session, answer: DisputeAnswer, command: str, actor: str) -> None:
    answer.state, answer.problem, answer.submitted_by = SENDING, None, actor
    answer.called_at, answer.sends = None, answer.sends + 1
    session.flush()
    outbox.stage(session, command, answer.id, key=f"{command}:{answer.id}:{answer.sends}")


def _editable(session: Session, dispute_id: str, revision: int, actor: str) -> DisputeAnswer:
    """The answer that may be changed, its payment locked. Raises sqlalchemy.exc.NoResultFound."""
    states.lock(session, session.get_one(Dispute, dispute_id).transaction_id)
    dispute = session.get_one(Dispute, dispute_id, populate_existing=True)
    closed = why_not(dispute, utcnow())
    if closed:
        raise AnswerClosedError(closed)
    answer = answer_of(session, dispute)
    if answer is None:
        answer = DisputeAnswer(dispute_id=dispute.id, to_state=dispute.state, saved_by=actor)
        answer.state, answer.revision, answer.sends = DRAFT, 0, 0
        session.add(answer)
    if answer.state != DRAFT:
        if answer.accepted_at is not None:
            raise AnswerClosedError("This dispute was accepted, and that can't be taken back.")
        raise AnswerClosedError("This dispute was answered. Evidence can be submitted only once.")
    if answer.revision != revision:
        raise DraftChangedError(
            "Somebody else changed this draft meanwhile. Open the page again to read theirs: "
            "saving what you typed replaces it."
        )
    return answer


def _saved(session: Session, answer: DisputeAnswer, what: str, actor: str, **data: str) -> int:
    answer.revision += 1
    answer.saved_by, answer.saved_at, answer.problem = actor, database_now(), None
    session.flush()
    dispute = session.get_one(Dispute, answer.dispute_id)
    _record(session, dispute, what, actor, revision=answer.revision, **data)
    outbox.stage(session, KEEP_DRAFT, answer.id, key=f"{KEEP_DRAFT}:{answer.id}:{answer.revision}")
    return answer.revision


def _remove(session: Session, dispute_id: str, field: str) -> None:
    session.execute(
        delete(EvidenceFile).where(
            EvidenceFile.dispute_id == dispute_id, EvidenceFile.field == field
        )
    )


def _record(session: Session, dispute: Dispute, what: str, actor: str, **data: object) -> None:
    history.record(
        session,
        "staff",
        what,
        actor=actor,
        transaction_id=dispute.transaction_id,
        subject=dispute.id,
        **data,
    )


def _filename(typed: str, suffix: str) -> str:
    """A name that a header and a bank's clerk can read, ending as the file is."""
    stem = re.sub(r"[^\w .()-]+", "_", typed.rpartition(".")[0] or typed).strip(" .") or "evidence"
    return f"{stem[:100]}.{suffix}"
