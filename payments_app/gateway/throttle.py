"""A bucket of calls a second, shared through Redis: we stay under Stripe's limits by ourselves.

Source: https://docs.stripe.com/rate-limits (100 a second live, 25 in test mode).
"""

from __future__ import annotations

import threading
import time

from flask import Flask, current_app

from payments_app.config import Config
from payments_app.core import redis_client

# Calls a second that we make at most, with room for what others do with our key. The stand-in for
# Stripe has no limit of its own.
LIVE, TEST, SANDBOX = 80, 20, 1000
MAX_WAIT_SECONDS = 2.0  # a thread waits this long for its turn; longer waits are the outbox's

# The theoretical arrival time of the generic cell rate algorithm, by Redis's own clock: answers
# how many seconds to wait, having taken a turn, or a negative number where the wait is too long.
_TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local step, burst, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now - burst)
local wait = due - now
if wait > max_wait then return tostring(-wait) end
redis.call('SET', KEYS[1], string.format('%.6f', due + step), 'EX', 10)
return tostring(math.max(0, wait))
"""


class Throttle:
    """Turns to call Stripe. With Redis away each process keeps to a quarter of the rate."""

    def __init__(self, redis_url: str, calls_a_second: int) -> None:
        self.step = 1 / calls_a_second
        self._script = redis_client.impatient(redis_url).register_script(_TAKE)
        self._rest = redis_client.Rest("calls to Stripe are spaced in this process")
        self._lock = threading.Lock()
        self._due = 0.0
        self._never = threading.Event()

    def wait_for_turn(self, max_wait: float = MAX_WAIT_SECONDS) -> float:
        """Wait for a turn, `max_wait` seconds at most. Return 0 with a turn taken, or the seconds
        after which to ask again. Who has no max_wait takes no turn from those who wait."""
        wait = self._take(max_wait)
        if wait < 0:
            return -wait
        if wait:
            self._never.wait(wait)
        return 0.0

    def _take(self, max_wait: float) -> float:
        arguments = [self.step, 0.25, max_wait]
        wait = self._rest.ask(lambda: self._script(keys=["throttle:stripe"], args=arguments))
        return self._take_here(max_wait) if wait is None else float(wait)

    def _take_here(self, max_wait: float) -> float:
        with self._lock:
            now = time.monotonic()
            due = max(self._due, now)
            if due - now > max_wait:
                return now - due
            self._due = due + 4 * self.step
            return due - now


def prepare(app: Flask, config: Config) -> None:
    """Keep one throttle for the process."""
    rate = SANDBOX if config.sandboxed else LIVE if config.live else TEST
    app.extensions["throttle"] = Throttle(config.cache_redis_url, rate)


def throttle() -> Throttle:
    """The application's throttle."""
    found: Throttle = current_app.extensions["throttle"]
    return found
