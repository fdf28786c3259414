"""Rate limits, counted in the cache's Redis; in the database while that Redis is away, so that all
processes count together; and in this process alone where there is neither.
Each process remembers what it was told, so that a limit does not begin anew where one takes over
from the other. What is good for a few uses is counted in the database alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import redis_client
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.core.outages import DATABASE
from payments_app.core.web.http import ProblemError

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_MAX_LOCAL = 20_000  # counters kept in this process at most


class LimitCounter(Base):
    """Calls in one window of one subject, whose name is kept as a hash."""

    __tablename__ = "pay_limit_counters"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[dt.datetime] = mapped_column(index=True)


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
    """Counts calls in fixed windows. Two processes without Redis and database allow twice the
    rate: better than none; nobody can pay meanwhile anyway."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis_client.fail_fast(redis_url)
        self._rest = redis_client.Rest("limits are counted in the database")
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
                Words("Too many requests. Wait %(left)s seconds and try again.", left=left),
                headers={"Retry-After": str(left)},
                below=Words("Wait %(left)s seconds and try again.", left=left),
            )

    def is_left(self, name: str, most: int, seconds: int, subject: str) -> bool:
        """Count a use of something that lives for `seconds` and is good for so many; whether this
        one is among them. No window: where one ended, they would begin anew. Nor in the cache,
        which forgets when it restarts or is full: it is counted in the database."""
        keys = [f"limit:{name}:{subject}"]
        counts = _count_in_database(keys, seconds)
        return max(self._count_here(keys, counts or [])) <= most

    def _count(self, keys: list[str], seconds: int) -> list[int]:
        counts = self._rest.ask(lambda: self._count_at_redis(keys, seconds))
        if counts is None:
            counts = _count_in_database(keys, seconds)
        return self._count_here(keys, counts or [])

    def _count_at_redis(self, keys: list[str], seconds: int) -> list[int]:
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.incr(key)
                pipe.expire(key, seconds + 5)
            return [int(count) for count in pipe.execute()[::2]]

    def _count_here(self, keys: list[str], counts: list[int]) -> list[int]:
        """As `counts` says, or nobody; never fewer than this process knows of already: Redis and
        the database each begin anew where the other one leaves off."""
        with self._lock:
            if len(self._local) > _MAX_LOCAL:
                self._local.clear()
            self._local.update(keys)
            for key, count in zip(keys, counts, strict=False):
                self._local[key] = max(self._local[key], count)
            return [self._local[key] for key in keys]


def _count_in_database(keys: list[str], seconds: int) -> list[int] | None:
    """The counts after this call, in a transaction of their own; None without a database."""
    engine = current_app.extensions["engine"]
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    counts = []
    try:
        with engine.execution_options(writes=True).begin() as connection:
            for key in sorted(keys):
                name = hashlib.sha256(key.encode()).hexdigest()
                added = insert(LimitCounter).values(
                    key=name, count=1, ends_at=database_now(seconds)
                )
                counted = added.on_conflict_do_update(
                    index_elements=["key"], set_={"count": LimitCounter.count + 1}
                ).returning(LimitCounter.count)
                counts.append(int(connection.execute(counted).scalar_one()))
    except SQLAlchemyError as error:
        DATABASE.failed(error, "limits are counted in this process")
        return None
    return counts


@atomic
def forget_counters(session: Session) -> None:
    """Those whose window is over."""
    session.execute(delete(LimitCounter).where(LimitCounter.ends_at < database_now()))


def prepare(app: Flask) -> None:
    """Keep one limiter for the process."""
    app.extensions["limiter"] = Limiter(app.config["CONFIG"].cache_redis_url)


def limiter() -> Limiter:
    """The application's limiter."""
    found: Limiter = current_app.extensions["limiter"]
    return found
