"""repeatable: what makes it safe to send a charge or a refund again.

It carries a key of its own and the same parameters for ever: Stripe answers the first one again.
Source: https://docs.stripe.com/api/idempotent_requests
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from payments_app.core.db.clock import database_now

KEY_SECONDS = 23 * 3600  # Stripe keeps a key for 24 h at least

_HASH = re.compile(r"(?:[a-z]+-)?[0-9a-f]{64}")

Moment = InstrumentedAttribute[dt.datetime] | InstrumentedAttribute[dt.datetime | None]


def hashed(text: str | None) -> str | None:
    """A client's key or a fingerprint as a row and Stripe's metadata keep it; None of what is no
    hash: it may hold anything."""
    return text if text and _HASH.fullmatch(text) else None


def older_than(seconds: float, moment: Moment) -> ColumnElement[bool]:
    """Whether a moment of a row lies so far back, by the database's clock."""
    return moment < database_now(-seconds)


def same_parameters(kept: dict[str, Any] | None) -> dict[str, Any]:
    """The parameters that a row keeps, the same to the byte each time: JSONB keeps no order of
    keys."""
    found: dict[str, Any] = json.loads(json.dumps(kept or {}, sort_keys=True))
    return found
