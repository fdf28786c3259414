"""Files among the evidence of a dispute: added to the draft, looked at, taken out."""

from __future__ import annotations

import io

from flask import Response, make_response, request, send_file
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.incoming import most_bytes
from payments_app.payments.disputes.answer import (
    AnswerClosedError,
    EvidenceError,
    add_file,
    remove_file,
)
from payments_app.payments.disputes.answer_models import EvidenceFile
from payments_app.payments.disputes.evidence import MOST_BYTES
from payments_app.staff.blueprint import blueprint
from payments_app.staff.disputes.answer_pages import (
    find_dispute,
    revision_sent,
    to_dispute,
    with_problem,
)

MOST_UPLOAD_BYTES = MOST_BYTES + 100_000


@blueprint.post("/disputes/<dispute_id>/files")
@staff("draft_dispute")
@most_bytes(MOST_UPLOAD_BYTES)
def add_dispute_file(dispute_id: str) -> Response | BaseResponse:
    """Add a file to the draft."""
    found = find_dispute(dispute_id)
    sent = request.files.get("file")
    field, name = request.form.get("field", ""), sent.filename if sent else None
    try:
        if sent is None or not name:
            raise EvidenceError({"file": "Choose a file."})
        add_file(
            found.id,
            field,
            name,
            sent.read(),
            revision=revision_sent(),
            actor=signed_in().id,
        )
    except (AnswerClosedError, EvidenceError) as error:
        return with_problem(found, error)
    return to_dispute(found)


@blueprint.get("/dispute-files/<file_id>")
@staff("view")
def dispute_file(file_id: str) -> Response:
    """The file, to save: it is never shown inside a page of ours."""
    file = _file(file_id)
    sent = send_file(
        io.BytesIO(file.content),
        mimetype=file.media_type,
        as_attachment=True,
        download_name=file.filename,
    )
    return private(make_response(sent))


@blueprint.post("/dispute-files/<file_id>/removal")
@staff("draft_dispute")
def remove_dispute_file(file_id: str) -> Response | BaseResponse:
    """Take the file out of the draft."""
    file = _file(file_id)
    found = find_dispute(file.dispute_id)
    try:
        remove_file(found.id, file.field, revision=revision_sent(), actor=signed_in().id)
    except (AnswerClosedError, EvidenceError) as error:
        return with_problem(found, error)
    return to_dispute(found)


def _file(file_id: str) -> EvidenceFile:
    found: EvidenceFile | None = db.session().scalar(
        select(EvidenceFile)
        .where(EvidenceFile.id == file_id)
        .options(undefer(EvidenceFile.content))
    )
    if found is None:
        raise NotFound
    return found
