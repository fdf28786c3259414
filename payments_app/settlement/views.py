"""Settlement for staff: the latest batches, a statement, and its download."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, make_response, render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.extensions import db
from payments_app.core.web import exports
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.settlement.export import as_csv, note_download
from payments_app.settlement.models import Batch
from payments_app.settlement.statement import (
    LISTED,
    Statement,
    latest_batches,
    statement_of,
)

blueprint = Blueprint("settlement", __name__, url_prefix="/staff/settlements")


@blueprint.get("")
@staff("view")
@takes("before")
def index() -> Response:
    """The latest batches of all merchants, page by page."""
    session, before = db.session(), None
    if asked("before"):
        before = session.get(Batch, asked("before"))
        if before is None:
            raise UnreadableQueryError({"before": "This names no page of the list."})
    found = latest_batches(session, before=before)
    rendered = render_template(
        "settlement/batches.html",
        rows=found[:LISTED],
        older=found[LISTED - 1].batch.id if len(found) > LISTED else None,
    )
    return private(make_response(rendered))


@blueprint.get("/<batch_id>")
@staff("view")
def show(batch_id: str) -> Response:
    """One batch's statement as a page."""
    with exports.long_page(exports.STAFF, signed_in().id):
        page = render_template("settlement/statement.html", statement=_found(batch_id))
    return private(make_response(page))


@blueprint.get("/<batch_id>.csv")
@staff("export")
def download(batch_id: str) -> Response | BaseResponse:
    """The same as a CSV file, after the password."""
    if asked := ask_to_confirm():
        return asked
    member = signed_in().id
    exports.count(exports.STAFF, member)
    with exports.long_page(exports.STAFF, member):
        statement = _found(batch_id)
        lines = [as_csv(statement)]
    note = partial(note_download, batch_id, member)
    return exports.csv_answer(exports.STAFF, member, note, lines, f"{statement.filename}.csv")


def _found(batch_id: str) -> Statement:
    statement = statement_of(db.session(), batch_id)
    if statement is None:
        raise NotFound
    return statement
