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
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.gate import actor, asking
from payments_app.settlement.export import as_csv
from payments_app.settlement.statement import (
    LISTED,
    Statement,
    latest_batches,
    statement_of,
)


@blueprint.get("/statements")
@merchant
def statements() -> Response:
    """The latest business days."""
    rows = latest_batches(db.session(), asking().id)
    return page("statements.html", rows=rows[:LISTED], cut=len(rows) > LISTED)


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
