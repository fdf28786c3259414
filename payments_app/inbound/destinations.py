"""The three event destinations that the product needs, and when the secret of each last fitted.

Each has a secret of its own in the settings; all post to one address.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from redis import Redis

from payments_app.config import Config
from payments_app.core import redis_client
from payments_app.core.web.links import absolute, seals
from payments_app.gateway.client import API_VERSION
from payments_app.gateway.destinations import (
    ACCOUNTS,
    OURS,
    SNAPSHOT_PAYLOAD,
    THIN_PAYLOAD,
    Destination,
    fingerprint,
)
from payments_app.inbound.kinds import HANDLINGS, THIN_HANDLINGS

PATH = "/webhooks/stripe"
# In Redis, by the secret's fingerprint: when it fitted last, in seconds since the epoch, sealed,
# since whoever writes there would say that Stripe's events come.
_VERIFIED = "stripe:verified:"
_SEALED = re.compile(r"([0-9a-f]{64}) (\d{1,12}\.\d{6})", re.ASCII)
_MOST_BYTES = 100


@dataclass(frozen=True)
class WantedDestination:
    """One that should be at Stripe: `setting` holds its secrets, `of_merchants` says that it is
    needed once a merchant sells."""

    name: str
    whose: str
    setting: str
    scope: str
    payload: str
    events: frozenset[str]
    of_merchants: bool = True

    @property
    def version(self) -> str | None:
        """The API version of its events. Thin ones have none."""
        return None if self.payload == THIN_PAYLOAD else API_VERSION

    def secrets(self, config: Config) -> tuple[str, ...]:
        """Those in the settings."""
        secrets: tuple[str, ...] = getattr(config, self.setting.lower() + "s")
        return secrets

    def is_there(self, found: Destination, url: str) -> bool:
        """Whether this one is meant, whatever its version, its events and its secret."""
        return (found.url, found.payload, found.scope) == (url, self.payload, (self.scope,))


_SNAPSHOTS = frozenset(HANDLINGS)
WANTED = (
    WantedDestination(
        "account",
        "our account's events",
        "STRIPE_WEBHOOK_SECRET",
        OURS,
        SNAPSHOT_PAYLOAD,
        _SNAPSHOTS,
        of_merchants=False,
    ),
    WantedDestination(
        "connect",
        "connected accounts' events",
        "STRIPE_CONNECT_WEBHOOK_SECRET",
        ACCOUNTS,
        SNAPSHOT_PAYLOAD,
        _SNAPSHOTS,
    ),
    WantedDestination(
        "thin",
        "connected accounts' thin events",
        "STRIPE_THIN_WEBHOOK_SECRET",
        ACCOUNTS,
        THIN_PAYLOAD,
        frozenset(THIN_HANDLINGS),
    ),
)


def address() -> str:
    """Where all of them post to."""
    return absolute(PATH)


def note_verified(secret: str) -> None:
    """A body that Stripe posted just now was signed with this secret. Nothing waits for Redis."""
    name, now = fingerprint(secret), f"{time.time():.6f}"
    sealed = f"{_seals(name, now)[0]} {now}"
    _ask(lambda redis: redis.set(_VERIFIED + name, sealed))


def last_verified(fingerprints: Iterable[str]) -> dt.datetime | None:
    """When any of these secrets last fitted; None where none did, or Redis does not say."""
    names = list(fingerprints)
    found = _ask(lambda redis: [redis.getrange(_VERIFIED + n, 0, _MOST_BYTES) for n in names])
    kept = [_opened(*each) for each in zip(names, found or (), strict=False)]
    moments = [moment for moment in kept if moment is not None]
    return dt.datetime.fromtimestamp(max(moments), dt.UTC) if moments else None


def _opened(name: str, kept: bytes) -> float | None:
    """What we wrote there ourselves, of this secret."""
    found = _SEALED.fullmatch(kept.decode("ascii", "replace"))
    if found is None:
        return None
    ours = any(hmac.compare_digest(found[1], seal) for seal in _seals(name, found[2]))
    return float(found[2]) if ours else None


def _seals(name: str, moment: str) -> list[str]:
    return seals("verified", f"{name}\n{moment}")


def _ask(call: Callable[[Redis], Any]) -> Any:
    """Of the Redis for jobs: the cache may forget."""
    rest = redis_client.Rest("when a secret of Stripe's fitted is not written down")
    kept: redis_client.Rest = current_app.extensions.setdefault("verified_rest", rest)
    return kept.ask(lambda: call(current_app.extensions["wake_up_redis"]))
