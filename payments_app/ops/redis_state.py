"""How the two Redis are set up, and how full they are.

Jobs must never be evicted and must survive a restart: `noeviction` with an append-only file. The
outbox would bring every message back; a wrong policy still means that wake-ups go missing under
load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import RedisError

from payments_app.config import Config
from payments_app.core import redis_client

FULL_SHARE = 0.8  # of maxmemory


@dataclass(frozen=True)
class RedisState:
    """One Redis: `role` is jobs or cache; memory in bytes, `maximum` 0 where none is set."""

    role: str
    up: bool
    used: int = 0
    maximum: int = 0
    policy: str = ""
    append_only: bool = False

    def problems(self) -> dict[str, str]:
        """What is wrong with it, in words, by a name of its own; empty where all is well."""
        if not self.up:
            return {"away": f"the Redis for {self.role} does not answer"}
        found = {}
        if self.role == "jobs" and self.policy != "noeviction":
            found["evicts"] = (
                f"the Redis for jobs may throw jobs away: maxmemory-policy is {self.policy},"
                " and must be noeviction"
            )
        if self.role == "jobs" and not self.append_only:
            found["forgets"] = (
                "the Redis for jobs forgets everything at a restart: appendonly is no,"
                " and must be yes"
            )
        if self.role == "jobs" and self.maximum and self.used > FULL_SHARE * self.maximum:
            found["full"] = (
                f"the Redis for jobs is {100 * self.used // self.maximum} % full:"
                " at 100 % it takes no more jobs"
            )
        if self.role == "cache" and self.maximum and self.policy == "noeviction":
            found["stuck"] = "the Redis for the cache will stop caching when full: it may not evict"
        return found


def inspect(config: Config) -> list[RedisState]:
    """Ask both; one that is away is reported within half a second."""
    return [_inspect("jobs", config.redis_url), _inspect("cache", config.cache_redis_url)]


def _inspect(role: str, url: str) -> RedisState:
    try:
        with redis_client.fail_fast(url) as client:
            memory: dict[str, Any] = client.info("memory")
            kept: dict[str, Any] = client.info("persistence")
    except (RedisError, OSError):
        return RedisState(role, up=False)
    return RedisState(
        role,
        up=True,
        used=int(memory["used_memory"]),
        maximum=int(memory.get("maxmemory", 0)),
        policy=str(memory.get("maxmemory_policy", "")),
        append_only=bool(int(kept.get("aof_enabled", 0))),
    )
