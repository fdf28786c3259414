"""The ledger for staff: the trial balance and the journals of a period, and their file."""

from __future__ import annotations

import datetime as dt
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, make_response, render_template
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.extensions import db
from payments_app.core.web import exports
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.core.web.query import UnreadableQueryError, asked, place_in_list, takes
from payments_app.ledger.days import balance_of_days, period_of
from payments_app.ledger.export import csv_lines, note_export
from payments_app.ledger.queries import Period, journals, unbalanced

blueprint = Blueprint("ledger", __name__, url_prefix="/staff/ledger")
SHOWN = 100


@blueprint.get("")
@staff("view")
@takes("from", "to")
def index() -> Response:
    """Every account by currency, of a period or of always; where debits and credits are not the
    same, the journals that are not level."""
    session = db.session()
    lines = balance_of_days(session, _day("from"), _day("to"), _zone())
    found = groupby(lines, key=lambda line: line.currency)
    currencies = [(currency, list(lines)) for currency, lines in found]
    is_level = not any(sum(line.balance for line in lines) for _, lines in currencies)
    page = render_template(
        "ledger/balances.html",
        currencies=currencies,
        unbalanced=[] if is_level else unbalanced(session),
        asked=_asked(),
        zone=_zone().key,
    )
    return private(make_response(page))


@blueprint.get("/journals")
@staff("view")
@takes("from", "to", "before")
def journal_list() -> Response:
    """The journals of a period with their entries, page by page."""
    found = journals(db.session(), _period(), place_in_list(), SHOWN + 1)
    page = render_template(
        "ledger/journals.html",
        journals=found[:SHOWN],
        older=found[SHOWN - 1][0].id if len(found) > SHOWN else None,
        asked=_asked(),
        zone=_zone(),
    )
    return private(make_response(page))


@blueprint.get("/journals.csv")
@staff("export")
@takes("from", "to")
def download() -> Response | BaseResponse:
    """The same as a CSV file, after the password."""
    period = _period()
    if confirm := ask_to_confirm():
        return confirm
    member = signed_in().id
    exports.count(exports.STAFF, member)
    return exports.csv_answer(
        exports.STAFF,
        member,
        partial(note_export, member, asked("from"), asked("to")),
        csv_lines(db.engine, period),
        f"{'-'.join(['ledger', *_asked().values()])}.csv",
    )


def _zone() -> ZoneInfo:
    """Where the business's days begin and end."""
    return ZoneInfo(current_app.config["CONFIG"].business_timezone)


def _asked() -> dict[str, str]:
    """The first and the last day, as the address says them."""
    return {name: asked(name) for name in ("from", "to") if asked(name)}


def _period() -> Period:
    """The days that the address asks for. Raises UnreadableQueryError."""
    return period_of(_day("from"), _day("to"), _zone())


def _day(name: str) -> dt.date | None:
    if not asked(name):
        return None
    try:
        day = dt.date.fromisoformat(asked(name))
        period_of(day, day, _zone())
    except (ValueError, OverflowError):
        raise UnreadableQueryError({name: "This must be a date."}) from None
    return day
