"""Payouts: from the bank's line to the buyer in two clicks."""

from __future__ import annotations

from typing import TypeVar

from flask import Response
from werkzeug.exceptions import NotFound

from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.reconcile.models import Payout, PayoutLine
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.reconciliation import payout_queries
from payments_app.staff.reconciliation.payout_queries import SHOWN
from payments_app.staff.zones import reader_zone

_Row = TypeVar("_Row", Payout, PayoutLine)


@blueprint.get("/payouts")
@staff("view")
@takes("before")
def payouts() -> Response:
    """The newest payouts, each with whether it is what it is made of."""
    session, zone = db.session(), reader_zone()
    before = _place("before", Payout)
    found = payout_queries.payouts(session, zone, before)
    return page(
        "reconciliation/payouts.html",
        payouts=found[:SHOWN],
        older=found[SHOWN - 1].payout.id if len(found) > SHOWN else None,
        zone=zone.key,
    )


@blueprint.get("/payouts/<payout_id>")
@staff("view")
@takes("after")
def payout(payout_id: str) -> Response:
    """What one payout is made of, each line with the payment that it is of."""
    session, zone = db.session(), reader_zone()
    found = session.get(Payout, payout_id)
    if found is None:
        raise NotFound
    after = _place("after", PayoutLine)
    lines = payout_queries.lines(session, found, zone, after)
    (row,) = payout_queries.rows_of(session, [found], zone)
    return page(
        "reconciliation/payout.html",
        row=row,
        sums=payout_queries.sums(session, found),
        makes=payout_queries.makes(session, found),
        span=payout_queries.span(session, found, zone),
        lines=lines[:SHOWN],
        more=lines[SHOWN - 1].line.id if len(lines) > SHOWN else None,
        zone=zone.key,
    )


def _place(name: str, model: type[_Row]) -> _Row | None:
    """The row that a page of a list begins after; None on the first page."""
    if not asked(name):
        return None
    found = db.session().get(model, asked(name))
    if found is None:
        raise UnreadableQueryError({name: "This names no page of the list."})
    return found
