"""Redis that is dead or frozen: soon given up, and left alone for a while."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from redis import RedisError

from payments_app.core import redis_client

pytestmark = pytest.mark.portable


@pytest.fixture
def frozen() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_a_frozen_redis_is_given_up_after_one_short_try(frozen: str) -> None:
    began = time.monotonic()
    with redis_client.fail_fast(frozen) as client, pytest.raises(RedisError):
        client.get("key")
    assert time.monotonic() - began < 5  # by itself redis-py tries for a minute


def test_after_a_failure_nobody_asks_until_the_rest_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def fail() -> str:
        asked.append("once")
        raise ConnectionRefusedError

    rest = redis_client.Rest("it goes on without")
    assert [rest.ask(fail), rest.ask(fail), rest.ask(lambda: "there")] == [None, None, None]
    assert asked == ["once"]
    monkeypatch.setattr(redis_client, "REST_SECONDS", 0)
    rest = redis_client.Rest("it goes on without")
    assert [rest.ask(fail), rest.ask(lambda: "there")] == [None, "there"]
