"""send_answer: what Stripe is given of an answer: a draft, and then the submission, once; or that
the dispute is given up.

Safe from a lost answer and from a second copy of the worker: each try to submit begins with a look
at Stripe's submission_count, and a call that may still be under way is repeated with its own key.
"""

from __future__ import annotations

import threading
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import disputes as gateway
from payments_app.gateway.files import upload_evidence
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.waits import next_try
from payments_app.gateway.words import describe_unknown, known
from payments_app.payments.disputes.answer_models import DRAFT, SENDING, EvidenceFile
from payments_app.payments.disputes.answer_steps import (
    Sending,
    content_of,
    files_to_send,
    note_call,
    note_kept,
    note_problem,
    note_refused,
    note_sent,
    note_unknown_status,
    note_uploaded,
    snapshot,
    use_another_key,
)
from payments_app.payments.disputes.models import LOST, NEEDS_ANSWER, STATES
from payments_app.payments.read_or_later import RETRY_SECONDS, read_or_later

LOST_SECONDS = 5.0
READ_AGAIN_SECONDS = 600.0  # at a status that we do not know
# Uploads of this process at once: files that Stripe takes slowly may not hold the threads that
# book payments.
UPLOADS = 2
KEY_USED = "idempotency_error"  # with other evidence than is sent now
GONE = "Stripe does not know this dispute."
NOT_ASKED = "The bank takes no answer any more: look at how it stands."


_turns = threading.BoundedSemaphore(UPLOADS)


class _RefusedError(Exception):
    """Stripe refused it for good; the message is its own."""


def keep_draft(answer_id: str, claim: Claim) -> None:
    """Have Stripe keep the draft as it is now, unsubmitted. Raises Later where it can't now."""
    sending = snapshot(answer_id, DRAFT)
    if sending is None:
        return
    try:
        body = _read(sending)
        key = f"{answer_id}_draft_{sending.revision}_{claim.tries}"  # it may be kept twice
        answer = _send(sending, body, claim, submit=False, key=key)
        if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
            raise _RefusedError(answer.words or NOT_ASKED)
    except _RefusedError as error:
        note_problem(answer_id, sending.revision, str(error))
        return
    if answer.verdict != Verdict.ANSWERED:
        raise Later(LOST_SECONDS, f"draft: {answer.error_code}")
    note_kept(answer_id, sending.revision)


def submit(answer_id: str, claim: Claim) -> None:
    """Submit an answer that was confirmed; do nothing to one that was sent.

    Raises Later while it is not known whether it arrived.
    """
    sending = snapshot(answer_id, SENDING)
    if sending is None:
        return
    try:
        body = _read(sending)
        count = gateway.submission_count(body)
        if sending.counted is not None and count > sending.counted:
            note_sent(answer_id, body, None)  # a try whose answer was lost
            return
        _check_asked(sending, body)
        if sending.counted is None:
            note_call(answer_id, count)
        key = f"{answer_id}_submit_{sending.sends}"
        answer = _send(sending, body, claim, submit=True, key=key)
        if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
            raise _RefusedError(answer.words or NOT_ASKED)
    except _RefusedError as error:
        note_refused(answer_id, str(error))
        return
    if answer.verdict == Verdict.ANSWERED and not answer.replayed:
        note_sent(answer_id, answer.expect_body(), answer)
        return
    if answer.verdict != Verdict.ANSWERED and (answer.replayed or answer.error_type == KEY_USED):
        # It ended, and the key only says so: after a look, it is made with another.
        use_another_key(answer_id, sending.sends)
    raise Later(LOST_SECONDS, f"submission: {answer.error_code or 'replayed'}")


def accept(answer_id: str, claim: Claim) -> None:
    """Give a dispute up that was accepted; do nothing to one that was. What became of it is read at
    Stripe, whatever the call was answered.

    Raises Later while that is not known.
    """
    sending = snapshot(answer_id, SENDING, accepts=True)
    if sending is None:
        return
    try:
        body = _read(sending)
        if body.get("status") == LOST:
            note_sent(answer_id, body, None)  # a try whose answer was lost, or the bank's word
            return
        _check_asked(sending, body)
        key = f"{answer_id}_accept_{sending.sends}"
        answer = gateway.close_dispute(sending.stripe_id, key=key, account=sending.account)
        _wait_where_refused_for_now(answer, claim)
        body = _read(sending)
        if body.get("status") == LOST:
            note_sent(answer_id, body, answer if answer.verdict == Verdict.ANSWERED else None)
            return
        _check_known(sending, body)
        if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
            raise _RefusedError(answer.words or NOT_ASKED)
    except _RefusedError as error:
        note_refused(answer_id, str(error))
        return
    if answer.replayed:
        use_another_key(answer_id, sending.sends)
    raise Later(LOST_SECONDS, f"acceptance: {answer.error_code or 'not lost yet'}")


def _read(sending: Sending) -> dict[str, Any]:
    found = read_or_later(
        sending.stripe_id,
        lambda: [gateway.retrieve_dispute(sending.stripe_id, sending.account).expect_body()],
    )
    if not found:
        raise _RefusedError(GONE)
    return found[0]


def _check_asked(sending: Sending, body: dict[str, Any]) -> None:
    """Raises _RefusedError where the bank waits for nothing, and Later at a status that we do not
    know: what can't be taken back is not done by that, nor said to be undone. A person is told."""
    _check_known(sending, body)
    if body["status"] not in NEEDS_ANSWER:
        raise _RefusedError(NOT_ASKED)


def _check_known(sending: Sending, body: dict[str, Any]) -> None:
    status = body.get("status")
    if known(status, STATES) is None:
        note_unknown_status(sending.dispute_id, status)
        raise Later(READ_AGAIN_SECONDS, describe_unknown(status))


def _send(
    sending: Sending, body: dict[str, Any], claim: Claim, *, submit: bool, key: str
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


def _uploaded(sending: Sending, claim: Claim) -> dict[str, str]:
    """The ids of the files at Stripe, by field; each is uploaded once."""
    found = {}
    for file in files_to_send(sending.dispute_id):
        if file.stripe_file_id is None:
            answer = _upload(file, sending.account)
            _wait_where_refused_for_now(answer, claim)
            if answer.verdict in (Verdict.INVALID, Verdict.DECLINED):
                raise _RefusedError(f"{file.filename}: {answer.words}")
            if answer.verdict != Verdict.ANSWERED:
                raise Later(LOST_SECONDS, f"upload: {answer.error_code}")
            file.stripe_file_id = note_uploaded(file.id, answer.expect_body()["id"])
        found[file.field] = file.stripe_file_id
    return found


def _upload(file: EvidenceFile, account: str | None) -> Answer:
    """Raises Later while as many are uploaded as may be at once."""
    if not _turns.acquire(blocking=False):
        raise Later(LOST_SECONDS, "other files are being uploaded", is_try=False)
    try:
        return upload_evidence(content_of(file.id), file.filename, file.id, account)
    finally:
        _turns.release()


def _wait_where_refused_for_now(answer: Answer, claim: Claim) -> None:
    if answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
        seconds = next_try(answer, claim.tries, then=RETRY_SECONDS)
        raise Later(seconds, f"{answer.call}: {answer.error_code}", is_try=not answer.throttled)
