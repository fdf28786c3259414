"""The cache of what staff pages show: JSON on the cache's Redis, through Flask-Caching.

Every key names the version of what it holds, so an entry is never out of date, only unused.
A cache is for display: nothing is decided by it, and without it all is worked out again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cachelib.serializers import JSONSerializer
from flask import Flask, current_app, g
from flask_caching import Cache
from flask_caching.backends.rediscache import RedisCache
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

HOUR = 3600
_REST = 5.0  # seconds without the cache after it failed, so that not every page waits for it
_cache = Cache()


class _Json(JSONSerializer):
    """JSON, for which a miss is no error."""

    def loads(self, bvalue: str | bytes | bytearray | None, *args: Any, **kwargs: Any) -> Any:
        """The value, or None where there is none or it is not JSON."""
        return None if bvalue is None else super().loads(bvalue, *args, **kwargs)


class JsonRedisCache(RedisCache):
    """Redis that holds JSON: whoever writes to it can't make us run code, as pickle would."""

    serializer = _Json()  # type: ignore[assignment]


def prepare(app: Flask) -> None:
    """Connect the cache: short time-outs and no retries, as for the bell."""
    app.extensions["staff_cache_rest"] = 0.0
    _cache.init_app(
        app,
        {
            "CACHE_TYPE": f"{__name__}.JsonRedisCache",
            "CACHE_REDIS_URL": app.config["CONFIG"].cache_redis_url,
            "CACHE_KEY_PREFIX": "staff:1:",
            "CACHE_DEFAULT_TIMEOUT": HOUR,
            "CACHE_NO_NULL_WARNING": True,
            "CACHE_OPTIONS": {
                "socket_connect_timeout": 0.25,
                "socket_timeout": 0.25,
                "retry": Retry(NoBackoff(), 0),
            },
        },
    )


def get_many(keys: Sequence[str]) -> dict[str, Any]:
    """What is known of these keys, in one round trip; this request's own memo is asked first."""
    memo = _memo()
    missing = [key for key in keys if key not in memo]
    values = _guarded(lambda: _cache.cache.get_many(*missing)) if missing else None
    memo |= {k: v for k, v in zip(missing, values or (), strict=False) if v is not None}
    return {key: memo[key] for key in keys if key in memo}


def set_many(values: Mapping[str, Any], seconds: int = HOUR) -> None:
    """Keep these, in one round trip."""
    if values:
        _memo().update(values)
        _guarded(lambda: _cache.cache.set_many(dict(values), timeout=seconds))


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


def _guarded(call: Callable[[], Any]) -> Any:
    extensions = current_app.extensions
    if time.monotonic() < extensions["staff_cache_rest"]:
        return None
    try:
        return call()
    except (RedisError, OSError) as error:
        extensions["staff_cache_rest"] = time.monotonic() + _REST
        log.warning("staff pages do without their cache: %s", error)
        return None
