"""One dispute: what the bank says, the evidence as a draft, its review, and that it was sent, once.

Nothing here calls Stripe: service functions store what is asked for, and jobs carry it out.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.incoming import most_bytes
from payments_app.payments.disputes import evidence as rules
from payments_app.payments.disputes.answer import (
    AnswerClosedError,
    EvidenceError,
    answer_of,
    files_of,
    request_acceptance,
    request_submission,
    save_draft,
)
from payments_app.payments.disputes.answer_models import DRAFT
from payments_app.payments.disputes.models import Dispute
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.disputes.prefilled import prefilled
from payments_app.staff.disputes.queries import dispute_row
from payments_app.staff.disputes.shown_answer import evidence_fields, shown_answer
from payments_app.staff.payments.pages import find
from payments_app.staff.zones import reader_zone

MOST_FORM_BYTES = 2_000_000  # 150,000 characters as a browser sends them


@blueprint.get("/disputes/<dispute_id>")
@staff("view")
def dispute(dispute_id: str) -> Response:
    """What the bank says, what persuades it, and the answer as it stands."""
    return _page(find_dispute(dispute_id))


@blueprint.post("/disputes/<dispute_id>/draft")
@staff("draft_dispute")
@most_bytes(MOST_FORM_BYTES)
def save_dispute_draft(dispute_id: str) -> Response | BaseResponse:
    """Keep the draft; then its review, where that is wanted."""
    found = find_dispute(dispute_id)
    texts = {name: request.form.get(name, "") for name in rules.TEXTS}
    try:
        save_draft(found.id, texts, revision=revision_sent(), actor=signed_in().id)
    except (AnswerClosedError, EvidenceError) as error:
        return with_problem(found, error, texts)
    if "review" in request.form and signed_in().may("answer_dispute"):
        return redirect(url_for("staff.review_dispute_answer", dispute_id=found.id), 303)
    return to_dispute(found)


@blueprint.get("/disputes/<dispute_id>/submission")
@staff("answer_dispute")
def review_dispute_answer(dispute_id: str) -> Response | BaseResponse:
    """All that the bank would get, once the password was typed."""
    found = find_dispute(dispute_id)
    confirm = ask_to_confirm()
    return confirm or _review(found)


@blueprint.post("/disputes/<dispute_id>/submission")
@staff("answer_dispute")
def submit_dispute_answer(dispute_id: str) -> Response | BaseResponse:
    """Have it submitted, as it was reviewed: once."""
    found = find_dispute(dispute_id)
    if not signed_in().just_confirmed:
        address = url_for("staff.review_dispute_answer", dispute_id=found.id)
        return redirect(url_for("accounts.confirm", next=address), 303)
    try:
        request_submission(found.id, revision=revision_sent(), actor=signed_in().id)
    except (AnswerClosedError, EvidenceError) as error:
        return with_problem(found, error)
    return to_dispute(found)


@blueprint.get("/disputes/<dispute_id>/acceptance")
@staff("answer_dispute")
def review_dispute_acceptance(dispute_id: str) -> Response | BaseResponse:
    """What giving it up costs, once the password was typed."""
    found = find_dispute(dispute_id)
    confirm = ask_to_confirm()
    return confirm or _review_acceptance(found)


@blueprint.post("/disputes/<dispute_id>/acceptance")
@staff("answer_dispute")
def accept_dispute(dispute_id: str) -> Response | BaseResponse:
    """Have it given up, as it was reviewed: once."""
    found = find_dispute(dispute_id)
    if not signed_in().just_confirmed:
        address = url_for("staff.review_dispute_acceptance", dispute_id=found.id)
        return redirect(url_for("accounts.confirm", next=address), 303)
    try:
        request_acceptance(found.id, revision=revision_sent(), actor=signed_in().id)
    except AnswerClosedError as error:
        return with_problem(found, error)
    return to_dispute(found)


def find_dispute(dispute_id: str) -> Dispute:
    """Raises NotFound for an unknown id."""
    found = db.session().get(Dispute, dispute_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def revision_sent() -> int:
    """Of the draft that the form was made of; none that there is, where it can't be read."""
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else -1


def to_dispute(found: Dispute) -> BaseResponse:
    """Back to its page."""
    return redirect(url_for("staff.dispute", dispute_id=found.id), 303)


def with_problem(
    found: Dispute, error: AnswerClosedError | EvidenceError, texts: Mapping[str, str] | None = None
) -> Response:
    """The page with what is wrong, and with all that was typed."""
    fields = error.fields if isinstance(error, EvidenceError) else {}
    status = 422 if fields else 409
    if wants_json():
        raise ProblemError(status, "dispute_answer", str(error), fields)
    return _page(found, status, str(error), fields, texts)


def _page(
    found: Dispute,
    status: int = 200,
    problem: str | None = None,
    problems: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    session, zone = db.session(), reader_zone()
    answer = answer_of(session, found)
    closed = rules.why_not(found, utcnow())
    open_ = closed is None and (answer is None or answer.state == DRAFT)
    may_write = open_ and signed_in().may("draft_dispute")
    evidence = {} if answer is None else answer.evidence
    if answer is None and may_write:
        evidence = prefilled(session, found, zone)
    return page(
        "disputes/dispute.html",
        status,
        **evidence_fields(found),
        dispute=dispute_row(session, found, zone),
        payment=find(found.transaction_id),
        closed=closed,
        answer=shown_answer(answer),
        typed={**dict.fromkeys(rules.TEXTS, ""), **evidence, **(typed or {})},
        filled=not answer,
        files=files_of(session, found.id),
        may_write=may_write,
        may_submit=may_write and signed_in().may("answer_dispute"),
        may_accept=open_ and _may_accept(found),
        problem=problem,
        problems=problems or {},
    )


def _may_accept(found: Dispute) -> bool:
    return rules.why_not_accepted(found) is None and signed_in().may("answer_dispute")


def _review_acceptance(found: Dispute) -> Response:
    session = db.session()
    answer = answer_of(session, found)
    closed = rules.why_not(found, utcnow()) or rules.why_not_accepted(found)
    if closed or (answer and answer.state != DRAFT):
        return _page(found, 409, closed or "This dispute was answered.")
    return page(
        "disputes/accept.html",
        dispute=dispute_row(session, found, reader_zone()),
        payment=find(found.transaction_id),
        answer=shown_answer(answer),
    )


def _review(found: Dispute) -> Response:
    session, zone = db.session(), reader_zone()
    answer, closed = answer_of(session, found), rules.why_not(found, utcnow())
    if closed or answer is None or answer.state != DRAFT or not answer.revision:
        return _page(found, 409, closed or "Save a draft of the answer first.")
    files = files_of(session, found.id)
    return page(
        "disputes/review.html",
        dispute=dispute_row(session, found, zone),
        payment=find(found.transaction_id),
        answer=shown_answer(answer),
        evidence={rules.TEXTS[n]: text for n, text in answer.evidence.items() if n in rules.TEXTS},
        files=[(rules.FILES.get(file.field, file.field), file) for file in files],
        count=sum(map(len, answer.evidence.values())),
        most=rules.MOST_IN_ALL,
    )
