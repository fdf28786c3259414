"""Text that every database keeps: without NUL (PostgreSQL refuses it) and without halves of
surrogate pairs (UTF-8 has none).

People and programs who send one are told so (`core/web/incoming.py`). What others say, such as
Stripe's objects or a mail server's answer, is kept with U+FFFD in its place
(`core/db/engine.py`).
Source: https://www.postgresql.org/docs/current/datatype-json.html
"""

from __future__ import annotations

import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(value: Any) -> bool:
    """Whether every text in `value` can be kept: in lists, and in values and keys of dicts."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _UNSTORABLE.search(item):
                return False
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item
    return True


def storable(value: Any) -> Any:
    """The same value, with U+FFFD for each character that can't be kept."""
    if is_storable(value):
        return value
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return type(value)(storable(item) for item in value)
