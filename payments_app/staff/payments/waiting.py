"""What staff read of a payment that waits for Stripe, or for a worker of ours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from payments_app.core.ago import clock_shown, day_shown
from payments_app.core.db.clock import in_zone, utcnow
from payments_app.payments.transactions.waiting import Wait


def wait_words(wait: Wait, zone: ZoneInfo) -> str:
    """Since when, when it was tried again, and what happens next."""
    if not wait.begun:
        since = _clock(wait.since, zone)
        return f"Waiting for a worker of ours since {since}. It is charged as soon as one is free."
    parts = [f"Waiting for Stripe since {_clock(wait.since, zone)}"]
    if wait.tried_at is not None:
        parts.append(f"tried again at {_clock(wait.tried_at, zone)}")
    if wait.running:
        parts.append("being tried now")
    elif wait.next_at is not None:
        parts.append(f"next try at {_clock(wait.next_at, zone)}")
    return f"{'; '.join(parts)}. It goes on by itself. Don't charge again."


def _clock(moment: dt.datetime, zone: ZoneInfo) -> str:
    local, today = in_zone(moment, zone), in_zone(utcnow(), zone).date()
    day = "" if local.date() == today else f"{day_shown(local)} "
    return day + clock_shown(local, seconds=True)
