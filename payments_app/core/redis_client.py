"""Redis for those who can do without it: a client that gives up soon, and a rest after it failed.

redis-py waits and tries again for up to a minute by default; nobody who pays may wait for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from payments_app.config_checks.sentinel import read_sentinel
from payments_app.core.outages import Outage

T = TypeVar("T")

REST_SECONDS = 5.0


def options() -> dict[str, Any]:
    """Options of redis-py for short time-outs and no retries: a dead or frozen Redis costs half a
    second at most."""
    return {
        "socket_connect_timeout": 0.25,
        "socket_timeout": 0.25,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,  # each connection would read the package's version from its files
    }


def fail_fast(url: str) -> Redis:
    """A client of the Redis at `url` with these options."""
    return client(url, **options())


def client(url: str, **more: Any) -> Redis:
    """A client of the Redis at `url`, or of the one that sentinels say is the master now: each new
    connection asks them."""
    watched = read_sentinel(url)
    if watched is None:
        return Redis.from_url(url, **more)
    asked = {name: value for name, value in options().items() if name != "driver_info"}
    sentinels = Sentinel(list(watched.sentinels), sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    found: Redis = sentinels.master_for(  # type: ignore[no-untyped-call]
        watched.name,
        db=watched.database,
        username=watched.user,
        password=watched.password,
        **more,
    )
    return found


class Rest:
    """Time without Redis after it failed, so that not every caller waits for it. `instead` says
    in the log what is done meanwhile."""

    def __init__(self, instead: str) -> None:
        self._instead = instead
        self._until = 0.0
        self._outage = Outage("a Redis")

    def ask(self, call: Callable[[], T]) -> T | None:
        """What a call of Redis gives; None where Redis fails, and for REST_SECONDS after that."""
        if time.monotonic() < self._until:
            return None
        try:
            answer = call()
        except (RedisError, OSError) as error:
            self._until = time.monotonic() + REST_SECONDS
            self._outage.failed(error, self._instead)
            return None
        self._outage.answered()
        return answer
