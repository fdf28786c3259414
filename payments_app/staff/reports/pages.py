"""The reports page, and the sales summary for programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.money import code_of
from payments_app.core.web.access import staff
from payments_app.core.web.cache import shape_of
from payments_app.core.web.headers import private
from payments_app.core.web.query import UnreadableQueryError, asked, takes
from payments_app.staff import cache
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.reports import queries as made
from payments_app.staff.reports import sales
from payments_app.staff.reports.booked import booked
from payments_app.staff.reports.figures import figures
from payments_app.staff.reports.rollups import counts, used_currencies
from payments_app.staff.zones import business_zone

SUMMARY_SECONDS = 300
_NOTHING = dict.fromkeys(("report", "books", "books_before"))
_SHAPE = shape_of(sales.SalesSummary, sales.Sales)
api = Blueprint("staff_api", __name__, url_prefix="/api/v1/reports")


@blueprint.get("/reports")
@staff("view")
@takes("days", "currency")
def reports() -> Response:
    """Success rate, volume and reasons over the last days of the business."""
    zone = business_zone()
    length = asked("days") or "30"
    wanted = asked("currency").lower()
    if length not in map(str, made.RANGES):
        ranges = ", ".join(map(str, made.RANGES))
        raise UnreadableQueryError({"days": f"This must be one of {ranges}."})
    days = int(length)
    last = utcnow().astimezone(zone).date()
    first = last - dt.timedelta(days=days - 1)
    currencies = used_currencies(db.session(), first, last, zone)
    if wanted and code_of(wanted) is None:
        raise UnreadableQueryError({"currency": "There is no such currency."}, {"days": length})
    currency = wanted or next(iter(currencies), None)
    return page(
        "reports/reports.html",
        **(_made(first, last, zone, currency) if currency else _NOTHING),
        currencies=currencies,
        days=days,
        ranges=made.RANGES,
        zone=zone.key,
    )


def _made(first: dt.date, last: dt.date, zone: ZoneInfo, currency: str) -> dict[str, Any]:
    """The report of these days beside that of as many days before them."""
    session, length = db.session(), last - first + dt.timedelta(days=1)
    now = (session, first, last, zone, currency)
    before = (session, first - length, last - length, zone, currency)
    return {
        "report": made.report(
            first,
            last,
            currency,
            days=counts(*now, by_reason=False),
            reasons=counts(*now, by_day=False),
            before=counts(*before, by_day=False, by_reason=False),
        ),
        "books": booked(figures(*now), currency),
        "books_before": booked(figures(*before), currency),
    }


@api.get("/sales_summary")
@staff("view")
def sales_summary() -> Response:
    """What was paid, by currency; kept for five minutes, and no longer than the hour."""
    zone = business_zone()
    key = f"sales_summary:{_SHAPE}:{zone.key}:{utcnow():%Y%m%d%H}"

    def make() -> dict[str, Any]:
        return asdict(sales.sales_summary(db.session(), zone))

    return private(jsonify(cache.remembered(key, SUMMARY_SECONDS, make)))
