"""What staff did, and were not allowed to do."""

from __future__ import annotations

from flask import Response
from sqlalchemy import select

from payments_app.accounts.people import names_of
from payments_app.core.db.ids import reference
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.web.access import staff
from payments_app.core.web.query import place_in_list, takes
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.timeline import entries
from payments_app.staff.zones import reader_zone

_SIZE = 100


@blueprint.get("/audit")
@staff("audit")
@takes("before")
def audit() -> Response:
    """Staff's entries of the history, newest first; `before` is the id that a page ends at."""
    before = place_in_list()
    query = select(HistoryEntry).where(HistoryEntry.kind.in_(("staff", "note")))
    if before is not None:
        query = query.where(HistoryEntry.id < before)
    session = db.session()
    rows = session.scalars(query.order_by(HistoryEntry.id.desc()).limit(_SIZE + 1)).all()
    shown = rows[:_SIZE]
    return page(
        "members/audit.html",
        entries=list(zip(shown, entries(session, shown, reader_zone()), strict=True)),
        names=names_of(session, (row.subject for row in shown if row.subject)),
        reference=reference,
        older=shown[-1].id if len(rows) > _SIZE else None,
    )
