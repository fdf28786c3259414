"""Ids of Stripe's: the one way to take them out of its objects.

What is missing, null or malformed is None, and never a text such as "None" that two rows could
share.
"""

from __future__ import annotations

import re
from typing import Any

MAX_ID = 80
_ID = re.compile(rf"[A-Za-z0-9_]{{1,{MAX_ID}}}")


def id_of(value: Any) -> str | None:
    """The id of an object of Stripe's that another one names, bare or expanded; None where it
    names none, or what has not the shape of an id."""
    return clean_id(value.get("id") if isinstance(value, dict) else value)


def clean_id(value: Any) -> str | None:
    """`value` where it has the shape of a Stripe id, else None."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None
