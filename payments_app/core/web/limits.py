"""Rate limits, counted in the cache's Redis, or in this process while that Redis is away."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass

from flask import Flask, current_app

from payments_app.core import redis_client
from payments_app.core.web.http import ProblemError

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MAX_LOCAL = 20_000  # counters kept in this process at most


@dataclass(frozen=True)
class Rate:
    """So many `calls` in each window of `seconds`."""

    calls: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read "10/minute". Raises ValueError for anything else."""
        match = re.fullmatch(r"([1-9]\d{0,5})/(second|minute|hour)", text)
        if match is None:
            raise ValueError(f"{text!r} does not read like 10/minute")
        return cls(int(match[1]), _SECONDS[match[2]])


class Limiter:
    """Counts calls in fixed windows. Two processes without Redis allow twice the rate: better
    than none, and than refusing buyers."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis_client.impatient(redis_url)
        self._rest = redis_client.Rest("limits are counted in this process")
        self._lock = threading.Lock()
        self._local: Counter[str] = Counter()

    def check(self, name: str, rate: Rate, *subjects: str) -> None:
        """Count a call for each subject; raise ProblemError 429 where one has had too many."""
        now = time.time()
        window = int(now // rate.seconds)
        keys = [f"limit:{name}:{subject}:{window}" for subject in subjects if subject]
        if keys and max(self._count(keys, rate.seconds)) > rate.calls:
            left = max(1, int((window + 1) * rate.seconds - now) + 1)
            raise ProblemError(
                429,
                "rate_limited",
                f"Too many requests. Wait {left} seconds and try again.",
                headers={"Retry-After": str(left)},
            )

    def _count(self, keys: list[str], seconds: int) -> list[int]:
        counts = self._rest.ask(lambda: self._count_at_redis(keys, seconds))
        return self._count_here(keys) if counts is None else counts

    def _count_at_redis(self, keys: list[str], seconds: int) -> list[int]:
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.incr(key)
                pipe.expire(key, seconds + 5)
            return [int(count) for count in pipe.execute()[::2]]

    def _count_here(self, keys: list[str]) -> list[int]:
        with self._lock:
            if len(self._local) > _MAX_LOCAL:
                self._local.clear()
            self._local.update(keys)
            return [self._local[key] for key in keys]


def prepare(app: Flask) -> None:
    """Keep one limiter for the process."""
    app.extensions["limiter"] = Limiter(app.config["CONFIG"].cache_redis_url)


def limiter() -> Limiter:
    """The application's limiter."""
    found: Limiter = current_app.extensions["limiter"]
    return found
