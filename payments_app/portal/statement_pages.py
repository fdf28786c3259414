"""A merchant's own settlement statements, and their download."""

from __future__ import annotations

from functools import partial

from flask import Response
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import exports
from payments_app.core.web.access import merchant
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.gate import actor, asking
from payments_app.settlement.export import as_csv
from payments_app.settlement.models import Batch
from payments_app.settlement.statement import (
    LISTED,
    Statement,
    latest_batches,
    statement_of,
)


@blueprint.get("/statements")
@merchant
@takes("before")
def statements() -> Response:
    """The latest business days, page by page."""
    session, own, before = db.session(), asking().id, None
    if asked("before"):
        before = session.get(Batch, asked("before"))
        if before is None or before.merchant_id != own:
            raise UnreadableQueryError({"before": "This names no page of the list."})
    rows = latest_batches(session, own, before)
    older = rows[LISTED - 1].batch.id if len(rows) > LISTED else None
    return page("statements.html", rows=rows[:LISTED], older=older)


@blueprint.get("/statements/<batch_id>")
@merchant
def statement(batch_id: str) -> Response:
    """One business day's statement."""
    with exports.long_page(exports.MERCHANT, asking().id):
        return page("statement.html", statement=_own(batch_id))


@blueprint.get("/statements/<batch_id>.csv")
@merchant
def download_statement(batch_id: str) -> Response:
    """The same as a CSV file."""
    merchant_id = asking().id
    exports.count(exports.MERCHANT, merchant_id)
    with exports.long_page(exports.MERCHANT, merchant_id):
        own = _own(batch_id)
        lines = [as_csv(own)]
    note = partial(_note_download, batch_id, actor())
    return exports.csv_answer(exports.MERCHANT, merchant_id, note, lines, f"{own.filename}.csv")


def _own(batch_id: str) -> Statement:
    """Raises NotFound for another merchant's as for none."""
    found = statement_of(db.session(), batch_id)
    if found is None or found.merchant.id != asking().id:
        raise NotFound
    return found


@atomic
def _note_download(session: Session, batch_id: str, merchant_id: str) -> None:
    history.record(session, "system", "settlement.downloaded", actor=merchant_id, subject=batch_id)
