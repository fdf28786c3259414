"""Accounts with a rate limit: so many calls a second of one operation, then 429.

Stripe has 25 for each endpoint besides the account's, https://docs.stripe.com/rate-limits.
"""

import threading
import time
from collections import defaultdict, deque

from stripe_sandbox.errors import ApiError


class Limits:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._most: dict[str, int] = {}
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def set(self, account: str, calls_a_second: int | None) -> None:
        """Of one operation; None: no limit."""
        with self._lock:
            self._most.pop(account, None)
            if calls_a_second is not None:
                self._most[account] = calls_a_second

    def check(self, account: str, operation: str) -> None:
        """Count a call. Raises ApiError 429."""
        with self._lock:
            most = self._most.get(account)
            if most is None:
                return
            calls, now = self._calls[account, operation], time.monotonic()
            while calls and calls[0] < now - 1:
                calls.popleft()
            if len(calls) >= most:
                raise exceeded()
            calls.append(now)


def exceeded() -> ApiError:
    return ApiError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here"
        " https://stripe.com/docs/rate-limits.",
        code="rate_limit",
    )
