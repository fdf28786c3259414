"""zones: the time zone of a merchant, by the name that is stored for it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import current_app

from payments_app.core.db.clock import known_zone


def zone_named(name: str) -> ZoneInfo:
    """The zone of this name; the business's own where there is none: a row may be older than the
    list of zones, or written by hand."""
    return known_zone(name) or ZoneInfo(current_app.config["CONFIG"].business_timezone)
