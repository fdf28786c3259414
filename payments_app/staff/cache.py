"""The cache of what staff pages show: JSON on the cache's Redis, through Flask-Caching.

Every key names the version of what it holds, and its shape (`shape_of`), so an entry is never out
of date or of another release, only unused.
A cache is for display: nothing is decided by it, and without it all is worked out again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, g
from flask_caching import Cache

from payments_app.core.web.cache import connect, guarded

HOUR = 3600
_cache = Cache()


def prepare(app: Flask) -> None:
    """Connect the cache."""
    connect(app, _cache, "staff:")


def get_many(keys: Sequence[str]) -> dict[str, Any]:
    """What is known of these keys, in one round trip; this request's own memo is asked first."""
    memo = _memo()
    missing = [key for key in keys if key not in memo]
    values = guarded(lambda: _cache.cache.get_many(*missing)) if missing else None
    memo |= {k: v for k, v in zip(missing, values or (), strict=False) if v is not None}
    return {key: memo[key] for key in keys if key in memo}


def set_many(values: Mapping[str, Any], seconds: int = HOUR) -> None:
    """Keep these, in one round trip."""
    if values:
        _memo().update(values)
        guarded(lambda: _cache.cache.set_many(dict(values), timeout=seconds))


def remembered(key: str, seconds: int, make: Callable[[], Any]) -> Any:
    """The value of `key`, made and kept for `seconds` where it is not known."""
    found = get_many([key])
    if key not in found:
        found = {key: make()}
        set_many(found, seconds)
    return found[key]


def _memo() -> dict[str, Any]:
    if "staff_cache" not in g:
        g.staff_cache = {}
    memo: dict[str, Any] = g.staff_cache
    return memo
