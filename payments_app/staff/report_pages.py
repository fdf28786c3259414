"""The reports page, and the sales summary for programs."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, jsonify, request

from payments_app.core.access import staff
from payments_app.core.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.headers import private
from payments_app.staff import cache
from payments_app.staff import reports as made
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.rollups import counts
from payments_app.staff.zones import business_zone

SUMMARY_SECONDS = 300
api = Blueprint("staff_api", __name__, url_prefix="/api/v1/reports")


@blueprint.get("/reports")
@staff("view")
def reports() -> Response:
    """Success rate, volume and reasons over the last days of the business."""
    zone = business_zone()
    asked = request.args.get("days", "30")
    days = int(asked) if asked in map(str, made.RANGES) else 30
    last = utcnow().astimezone(zone).date()
    first = last - dt.timedelta(days=days - 1)
    found = counts(db.session(), first, last, zone)
    currencies = made.currencies(found)
    wanted = request.args.get("currency", "").lower()
    currency = wanted if wanted in currencies else next(iter(currencies), None)
    return page(
        "reports.html",
        report=made.report(found, first, last, currency) if currency else None,
        currencies=currencies,
        days=days,
        ranges=made.RANGES,
        zone=zone.key,
    )


@api.get("/sales_summary")
@staff("view")
def sales_summary() -> Response:
    """What was paid, by currency; kept for five minutes, and no longer than the hour."""
    zone = business_zone()
    key = f"sales_summary:{zone.key}:{utcnow():%Y%m%d%H}"
    return private(
        jsonify(
            cache.remembered(key, SUMMARY_SECONDS, lambda: made.sales_summary(db.session(), zone))
        )
    )
