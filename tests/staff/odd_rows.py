"""Odd rows: payments that no release of ours would write."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.staff.stored_payments import DECLINED

FIRST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
# East and west of UTC, a local time at either end is beyond the calendar.
EAST, WEST = "Pacific/Kiritimati", "Pacific/Honolulu"

ODD_DATA: list[Any] = [
    None,
    [],
    ["ch_1"],
    "text",
    7,
    {},
    {"latest_charge": []},
    {"latest_charge": {"payment_method_details": "visa"}},
    {"amount": None, "currency": None, "payment_method": 7},
]
ODD_ERRORS: list[Any] = [
    "Your card was declined.",
    ["card_declined"],
    7,
    {},
    {"decline_code": ["lost_card"]},
    {"code": {"a": 1}},
    {"type": []},
    {"message": {"en": "no"}},
    {**DECLINED, "doc_url": 7},
    {**DECLINED, "doc_url": "https://[oops"},
    {**DECLINED, "advice_code": ["try_again_later"]},
]
ODD_CELLS: list[dict[str, Any]] = [
    {"card_last4": None},
    {"card_brand": None},
    {"card_brand": "", "card_last4": ""},
    {"receipt_url": "https://[oops"},
    {"stripe_payment_id": None},
    {"description": "", "email": ""},
    {"currency": "xyz"},
    {"created_at": FIRST, "ended_at": FIRST},
    {"created_at": LAST, "ended_at": LAST},
]
ROWS = (
    [("complete", {"stripe_data": data}) for data in ODD_DATA]
    + [("failed", {"error": error, "error_code": None}) for error in ODD_ERRORS]
    + [(phase, cells) for cells in ODD_CELLS for phase in ("complete", "failed")]
)
