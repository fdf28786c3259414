from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from payments_app.core.web.idempotency_stores import MemoryStore, RedisStore, Store
from tests.idempotency.counting_view import Clock, CountingView


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["redis", "memory"])
def store(
    request: pytest.FixtureRequest, redis_urls: tuple[str, str], clock: Clock
) -> Iterator[Store]:
    """Either kind, empty."""
    if request.param == "redis":
        store = RedisStore.from_url(redis_urls[0])
        yield store
        store.close()
    else:
        yield MemoryStore(clock)


@pytest.fixture
def counting_view(app: Flask, store: Store) -> CountingView:
    return CountingView(app, store)
