"""aggregate: move what happened since the last time into the daily rows of the reports."""

from __future__ import annotations

from payments_app.staff.reports.rollups import fold_all
from payments_app.staff.zones import business_zone


def fold() -> int:
    """Fold all there is and return how many deltas that was. Safe to run twice and beside itself:
    a delta is taken once."""
    return fold_all(business_zone())
