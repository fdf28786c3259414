"""aggregate: move what happened since the last time into the daily rows of the reports, and keep
the days of the ledger."""

from __future__ import annotations

from payments_app.ledger import days
from payments_app.staff.reports.figures import keep_days
from payments_app.staff.reports.rollups import aggregate_all
from payments_app.staff.zones import business_zone


def aggregate() -> int:
    """Aggregate all there is and return how many deltas that was. Safe to run twice and beside
    itself: a delta is taken once."""
    zone = business_zone()
    aggregated = aggregate_all(zone)
    keep_days(zone)
    days.keep_days(zone)
    return aggregated
