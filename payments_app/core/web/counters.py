"""counters: how many requests of which route ended how, how long they took, and whatever else is
counted where it happens.

A process counts in memory and adds to the cache's Redis every few seconds, so that one scrape tells
of all processes of all machines. Redis may forget: to Prometheus a counter that begins anew is
nothing new. While it is away a process goes on counting. What a killed one had not added is lost;
one that ends in order adds it (gunicorn.conf.py).
"""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from payments_app.core import redis_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY = "counters"
EVERY_SECONDS = 5.0
REQUESTS, TOOK, TOOK_SUM = "requests", "took", "took_us"
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

_MOST_KINDS, _MOST_TIMES = 20_000, 2**53  # of what is read; more is not of our counting
_MOST_NAME, _MOST_DIGITS = 500, 20  # bytes

# Names and counts that are as short as ours: whoever wrote longer ones would fill the memory.
_SHORT_ONES = f"""
    local found, cursor = {{}}, '0'
    if redis.call('HLEN', KEYS[1]) > {_MOST_KINDS} then return found end
    repeat
        local page = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 1000)
        cursor = page[1]
        for at = 1, #page[2], 2 do
            if #page[2][at] <= {_MOST_NAME} and #page[2][at + 1] <= {_MOST_DIGITS} then
                table.insert(found, page[2][at])
                table.insert(found, page[2][at + 1])
            end
        end
    until cursor == '0'
    return found
"""

Named = tuple[str, ...]  # what is counted, then its labels


class Counters:
    """What this process counted since it last added to Redis."""

    def __init__(self, cache_redis_url: str) -> None:
        self._redis = redis_client.fail_fast(cache_redis_url)
        self._rest = redis_client.Rest("requests are counted in memory")
        self._counted: Counter[Named] = Counter()
        self._lock = threading.Lock()
        self._next = time.monotonic() + EVERY_SECONDS

    def add(self, counted: Mapping[Named, int]) -> None:
        """Count; whoever comes after EVERY_SECONDS adds all of it to Redis."""
        with self._lock:
            self._counted.update(counted)
            due = time.monotonic() > self._next
            if due:
                self._next = time.monotonic() + EVERY_SECONDS
        if due:
            self.flush()

    def flush(self) -> None:
        """Add what was counted to Redis, or keep it where Redis fails."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if counted and self._rest.ask(lambda: self._store(counted)) is None:
            with self._lock:
                self._counted.update(counted)

    def read(self) -> dict[Named, int]:
        """What all processes have added; what is not ours to read is left out."""
        self.flush()
        return dict(_readable(self._rest.ask(self._stored) or {}))

    def _stored(self) -> dict[Any, Any]:
        found = self._redis.eval(_SHORT_ONES, 1, KEY)
        return dict(zip(found[::2], found[1::2], strict=True))

    def _store(self, counted: Counter[Named]) -> bool:
        with self._redis.pipeline(transaction=False) as pipeline:
            for named, times in counted.items():
                pipeline.hincrby(KEY, json.dumps(named), times)
            pipeline.execute()
        return True


class Counting:
    """Stands before the application and counts its answers."""

    def __init__(self, app: Flask, counters: Counters) -> None:
        self.inner, self._counters = app.wsgi_app, counters

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """As every WSGI application. The time ends as the answer begins."""
        began, statuses = time.perf_counter(), ["500"]

        def start(status: str, *more: object) -> object:
            statuses.append(status[:3])
            return start_response(status, *more)  # type: ignore[arg-type]

        try:
            return self.inner(environ, start)  # type: ignore[arg-type]
        finally:
            self._count(environ, statuses[-1], time.perf_counter() - began)

    def _count(self, environ: WSGIEnvironment, status: str, seconds: float) -> None:
        route, method = environ.get("payments.route", "unknown"), environ["REQUEST_METHOD"]
        if method not in _METHODS:
            method = "other"
        self._counters.add(
            {
                (REQUESTS, method, route, status): 1,
                (TOOK, route, str(bisect_left(BOUNDS, seconds))): 1,
                (TOOK_SUM, route): int(seconds * 1e6),
            }
        )


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def prepare(app: Flask) -> None:
    """Stand before all that answers."""
    counters = Counters(app.config["CONFIG"].cache_redis_url)
    app.extensions["counters"] = counters
    app.wsgi_app = Counting(app, counters)  # type: ignore[method-assign]


def count(what: str, *labels: str) -> None:
    """Count one of something else, in a request or outside of one."""
    counters: Counters = current_app.extensions["counters"]
    counters.add({(what, *labels): 1})


def _readable(stored: Mapping[Any, Any]) -> Iterable[tuple[Named, int]]:
    """Anybody who reaches that Redis may have written anything there."""
    for field, times in stored.items():
        try:
            named, count = json.loads(field), int(times)
        except (ValueError, RecursionError):
            continue
        if isinstance(named, list) and named and all(map(_is_label, named)):
            yield tuple(named), max(0, min(count, _MOST_TIMES))


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()
