"""Buckets of calls a second, shared through Redis: we stay under Stripe's limits by ourselves.

One is of the account, one of each operation. A call without a turn is delayed before it is sent.
Source: https://docs.stripe.com/rate-limits (100 a second live, 25 in test mode, and 25 for
each endpoint besides).
"""

from __future__ import annotations

import threading
import time

from flask import Flask, current_app

from payments_app.config import Config
from payments_app.core import redis_client

# Calls a second that we make at most, and of one operation, with room for what others do with our
# key and for a burst. The stand-in for Stripe has no limit unless it is given one.
LIVE, TEST, SANDBOX = (80, 20), (20, 20), (1000, 1000)
BURST_SECONDS = 0.25
MAX_WAIT_SECONDS = 2.0  # a thread waits this long for its turn; longer waits are the outbox's

# The theoretical arrival time of the generic cell rate algorithm, by Redis's own clock: answers
# how many seconds to wait, having taken a turn of both, or a negative number where the wait is too
# long.
_TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local burst, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = {}
local wait = -burst
for i, key in ipairs(KEYS) do
  local at = tonumber(redis.call('GET', key) or '0') or 0
  -- Later than any turn that we gave: Redis's clock was set back, or somebody else wrote it.
  if not (at < now + 60 + tonumber(ARGV[i + 2])) then at = 0 end
  due[i] = math.max(at, now - burst)
  wait = math.max(wait, due[i] - now)
end
if wait > max_wait then return tostring(-wait) end
for i, key in ipairs(KEYS) do
  local at = due[i] + tonumber(ARGV[i + 2])
  redis.call('SET', key, string.format('%.6f', at), 'EX', math.ceil(at - now) + 10)
end
return tostring(math.max(0, wait))
"""


class Throttle:
    """Turns to call Stripe. With Redis away each process keeps to a quarter of the rate."""

    def __init__(self, redis_url: str, calls_a_second: float, of_one_operation: float) -> None:
        self._steps = (1 / calls_a_second, 1 / of_one_operation)
        self._script = redis_client.fail_fast(redis_url).register_script(_TAKE)
        self._rest = redis_client.Rest("calls to Stripe are spaced in this process")
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._never = threading.Event()

    def wait_for_turn(self, operation: str, max_wait: float = MAX_WAIT_SECONDS) -> float:
        """Wait for a turn of an operation, `max_wait` seconds at most. Return 0 with a turn taken,
        or the seconds after which to ask again. Who has no max_wait takes no turn from those who
        wait."""
        wait = self._take(operation, max_wait)
        if wait < 0:
            return -wait
        if wait:
            self._never.wait(wait)
        return 0.0

    def _take(self, operation: str, max_wait: float) -> float:
        keys = ["throttle:stripe", f"throttle:stripe:{operation}"]
        arguments = [BURST_SECONDS, max_wait, *self._steps]
        wait = self._rest.ask(lambda: self._script(keys=keys, args=arguments))
        return self._take_here(keys, max_wait) if wait is None else float(wait)

    def _take_here(self, keys: list[str], max_wait: float) -> float:
        with self._lock:
            now = time.monotonic()
            due = [max(self._due.get(key, 0.0), now) for key in keys]
            wait = max(due) - now
            if wait > max_wait:
                return -wait
            for key, at, step in zip(keys, due, self._steps, strict=True):
                self._due[key] = at + 4 * step
            return wait


def prepare(app: Flask, config: Config) -> None:
    """Keep one throttle for the process."""
    rates = SANDBOX if config.sandboxed else LIVE if config.live else TEST
    app.extensions["throttle"] = Throttle(config.cache_redis_url, *rates)


def throttle() -> Throttle:
    """The application's throttle."""
    found: Throttle = current_app.extensions["throttle"]
    return found
