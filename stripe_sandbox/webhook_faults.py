"""Fault scripts for events: lost, late, doubled, out of order."""

import random
import threading
import time
from typing import Any

from stripe_sandbox.errors import ApiError

_FIELDS = {"duplicate", "drop", "shuffle", "delay_ms", "seed"}
_SHUFFLED_WITHIN = 0.5  # seconds


class WebhookFaults:
    """{"duplicate": extra copies, "drop": probability, "shuffle": bool, "delay_ms": [from, to]}"""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripts: dict[str, tuple[dict[str, Any], random.Random]] = {}

    def set(self, account: str, script: dict[str, Any]) -> None:
        """Replaces the account's script; an empty one ends it. Raises ApiError 400."""
        for unknown in set(script) - _FIELDS:
            raise ApiError(400, f"A webhook script has no {unknown}", param=unknown)
        with self._lock:
            # A script that is repeated must strike alike: S311 is about secrets.
            self._scripts[account] = (script, random.Random(script.get("seed")))  # noqa: S311

    def deliveries(self, account: str) -> list[float]:
        """When to post an event, once for each copy, in seconds since the epoch; none: it is lost,
        and Stripe's own list says that it was not delivered."""
        now = time.time()
        with self._lock:
            script, chance = self._scripts.get(account, ({}, random.Random()))  # noqa: S311
            if chance.random() < script.get("drop", 0):
                return []
            soonest, latest = script.get("delay_ms", (0, 0))
            jitter = _SHUFFLED_WITHIN if script.get("shuffle") else 0
            return [
                now + chance.uniform(soonest, latest) / 1000 + chance.uniform(0, jitter)
                for _ in range(1 + script.get("duplicate", 0))
            ]
