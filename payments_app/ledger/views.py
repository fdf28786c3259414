"""The ledger for staff: the trial balance."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, Response, make_response, render_template

from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.ledger.queries import trial_balance, unbalanced

blueprint = Blueprint("ledger", __name__, url_prefix="/staff/ledger")


@blueprint.get("")
@staff("view")
def index() -> Response:
    """Every account by currency, whose debits and credits are equal, and journals that are not."""
    session = db.session()
    found = groupby(trial_balance(session), key=lambda line: line.currency)
    page = render_template(
        "ledger/balances.html",
        currencies=[(currency, list(lines)) for currency, lines in found],
        unbalanced=unbalanced(session),
    )
    return private(make_response(page))
