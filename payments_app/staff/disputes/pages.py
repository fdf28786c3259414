"""Money that the bank or we may have to give back: disputes, and payments made twice."""

from __future__ import annotations

import datetime as dt

from flask import Response

from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import reference
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.payments.refunds.double_payments import likely_doubles
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.disputes.queries import newest, store_unmatched, time_left, waiting
from payments_app.staff.zones import reader_zone, when

RECENT = dt.timedelta(days=7)


@blueprint.get("/disputes")
@staff("view")
@takes("before")
def disputes() -> Response:
    """What waits for an answer, then all of them by date."""
    session, zone = db.session(), reader_zone()
    before = asked("before")
    try:
        rows, older = newest(session, zone, before or None)
    except LookupError:
        raise UnreadableQueryError({"before": "This names no page of the list."}) from None
    return page(
        "disputes/disputes.html",
        waiting=[] if before else waiting(session, zone),
        aside=[] if before else store_unmatched(session, zone),
        rows=rows,
        older=older,
        before=before,
    )


@blueprint.get("/double-payments")
@staff("view")
def double_payments() -> Response:
    """Pairs of the last days that look like a mistake, proposed for a refund."""
    now, zone = utcnow(), reader_zone()
    pairs = [
        {
            "first": double.first,
            "first_reference": reference(double.first),
            "second": double.second,
            "second_reference": reference(double.second),
            "email": double.email,
            "amount": str(double.money),
            "at": when(double.at, zone),
            "apart": time_left(now + double.apart, now).removeprefix("in "),
        }
        for double in likely_doubles(db.session(), now - RECENT)
    ]
    return page("disputes/double_payments.html", pairs=pairs, days=RECENT.days)
