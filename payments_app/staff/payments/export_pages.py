"""The filtered list as a CSV file."""

from __future__ import annotations

from functools import partial

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.extensions import db
from payments_app.core.web import exports
from payments_app.core.web.access import staff
from payments_app.core.web.query import takes
from payments_app.staff.blueprint import blueprint, today
from payments_app.staff.payments.export import csv_lines, note_export
from payments_app.staff.payments.list_pages import unreadable
from payments_app.staff.payments.read_filters import UnreadableFiltersError, read_filters
from payments_app.staff.zones import reader_zone


@blueprint.get("/payments.csv")
@staff("export")
@takes(others=True)
def export() -> Response | BaseResponse:
    """The same filters as the list's, every row of them; no row where one can't be read. Whoever
    finds a browser signed in takes no list of buyers away: the password is asked for first."""
    if asked := ask_to_confirm():
        return asked
    zone = reader_zone()
    try:
        filters = read_filters(request.args, zone, today())
    except UnreadableFiltersError as error:
        return unreadable(error)
    member = signed_in().id
    exports.count(exports.STAFF, member)
    return exports.csv_answer(
        exports.STAFF,
        member,
        partial(note_export, member, filters.given, zone.key),
        csv_lines(db.engine, filters.conditions, filters.sort_key, zone),
        f"payments-{today()}.csv",
    )
