"""Where idempotency keys are claimed and their answers kept: Redis, or one process's memory."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from redis import Redis, RedisError

from payments_app.core import redis_client

MOST_BYTES = 1_000_000  # of one value


class StoreAwayError(RuntimeError):
    """The store did not answer: nothing is known of any key."""


@dataclass(frozen=True)
class Held:
    """What is stored under a name, and the seconds that it will be."""

    value: str
    seconds: int


class Store(Protocol):
    """Claims are atomic: of all that claim a name at once, one wins. Times in seconds.

    A value that was claimed identifies its claimer: it holds something random. Every method raises
    StoreAwayError.
    """

    def claim(self, name: str, value: str, seconds: float) -> Held | None:
        """Put `value` under a free name, and answer None; else what is there."""

    def read(self, name: str) -> Held | None:
        """What is there, without a claim; None where the name is free."""

    def keep(self, name: str, claimed: str, value: str, seconds: float) -> bool:
        """Replace our claim, also one that ran out, but nobody else's."""

    def release(self, name: str, claimed: str) -> None:
        """Give our claim up; nobody else's."""


class RedisStore:
    """For any number of processes. Its Redis must not evict (`noeviction`): a claim that vanishes
    lets a second request run."""

    # What is longer than any of ours is not read: whoever wrote it would fill the memory.
    _HELD = f"""
        if redis.call('STRLEN', KEYS[1]) > {MOST_BYTES} then
            return redis.error_reply('it is longer than any answer of ours')
        end
        local held = redis.call('GET', KEYS[1])
    """
    _READ = f"""{_HELD}
        if held then return {{held, redis.call('PTTL', KEYS[1])}} end
    """
    _CLAIM = f"""{_READ}
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    """
    _KEEP = f"""{_HELD}
        if held and held ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1
    """
    _RELEASE = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
        return 1
    """

    def __init__(self, redis: Redis, prefix: str = "idempotency:") -> None:
        self._redis = redis
        self._prefix = prefix
        self._claim = redis.register_script(self._CLAIM)
        self._read = redis.register_script(self._READ)
        self._keep = redis.register_script(self._KEEP)
        self._release = redis.register_script(self._RELEASE)

    @classmethod
    def from_url(cls, url: str, prefix: str = "idempotency:") -> RedisStore:
        """With short time-outs: a frozen Redis must not freeze whoever pays."""
        return cls(redis_client.fail_fast(url), prefix)

    def claim(self, name: str, value: str, seconds: float) -> Held | None:
        """See Store."""
        return self._held(self._run(self._claim, name, value, _milliseconds(seconds)))

    def read(self, name: str) -> Held | None:
        """See Store."""
        return self._held(self._run(self._read, name))

    def keep(self, name: str, claimed: str, value: str, seconds: float) -> bool:
        """See Store."""
        return bool(self._run(self._keep, name, claimed, value, _milliseconds(seconds)))

    def release(self, name: str, claimed: str) -> None:
        """See Store."""
        self._run(self._release, name, claimed)

    @staticmethod
    def _held(found: Any) -> Held | None:
        if found is None:
            return None
        return Held(found[0].decode(errors="replace"), max(1, math.ceil(found[1] / 1000)))

    def close(self) -> None:
        """Close its connections."""
        self._redis.close()

    def _run(self, script: Callable[..., Any], name: str, *arguments: str | int) -> Any:
        try:
            return script(keys=[self._prefix + name], args=arguments)
        except (RedisError, OSError) as error:
            raise StoreAwayError(f"Redis: {error}") from error


class MemoryStore:
    """For one process and its threads. `clock` in seconds, never going back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[str, float]] = {}

    def claim(self, name: str, value: str, seconds: float) -> Held | None:
        """See Store."""
        with self._lock:
            held = self._held(name)
            if held is None:
                self._values[name] = (value, self._clock() + seconds)
            return held

    def read(self, name: str) -> Held | None:
        """See Store."""
        with self._lock:
            return self._held(name)

    def keep(self, name: str, claimed: str, value: str, seconds: float) -> bool:
        """See Store."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            if self._values.get(name, (claimed, 0))[0] != claimed:
                return False
            self._values[name] = (value, now + seconds)
            return True

    def release(self, name: str, claimed: str) -> None:
        """See Store."""
        with self._lock:
            if self._values.get(name, ("", 0))[0] == claimed:
                del self._values[name]

    def _held(self, name: str) -> Held | None:
        now = self._clock()
        self._forget(now)
        if name not in self._values:
            return None
        value, until = self._values[name]
        return Held(value, max(1, math.ceil(until - now)))

    def _forget(self, now: float) -> None:
        for name in [name for name, (_, until) in self._values.items() if until <= now]:
            del self._values[name]


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
