"""What somebody else wrote into the Redis of idempotency keys leads nobody anywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from flask import Flask
from redis import Redis

from payments_app.core.web import sealed_store
from payments_app.core.web.idempotency_stores import (
    MOST_BYTES,
    Held,
    MemoryStore,
    RedisStore,
    StoreAwayError,
)
from payments_app.core.web.sealed_store import SealedStore
from tests.idempotency.counting_view import CountingView

Forge = Callable[[Redis, bytes], None]


@pytest.fixture
def redis(redis_urls: tuple[str, str]) -> Redis:
    return Redis.from_url(redis_urls[0])


@pytest.fixture
def counting_view(app: Flask, redis_urls: tuple[str, str]) -> CountingView:
    return CountingView(app, SealedStore(RedisStore.from_url(redis_urls[0])))


def led_elsewhere(redis: Redis, key: bytes) -> None:
    """All as it was, but where it leads to, and what it says."""
    found = redis.get(key) or b""
    at = found.index(b"{")
    stored = json.loads(found[at:]) | {"status": 303, "location": "https://evil.example/pay"}
    redis.set(key, found[:at] + json.dumps(stored).encode())


def of_another_key(redis: Redis, key: bytes) -> None:
    (other,) = set(redis.keys("idempotency:*")) - {key}
    redis.set(key, redis.get(other) or b"")


def no_text(redis: Redis, key: bytes) -> None:
    redis.set(key, b"\xff\xfe")


def no_object(redis: Redis, key: bytes) -> None:
    redis.set(key, b"[]")


def brackets(redis: Redis, key: bytes) -> None:
    redis.set(key, b"[" * 100_000)


def endless(redis: Redis, key: bytes) -> None:
    redis.set(key, b"a" * 20_000_000)


def a_list(redis: Redis, key: bytes) -> None:
    redis.delete(key)
    redis.rpush(key, "a")


@pytest.mark.parametrize(
    "forge", [led_elsewhere, of_another_key, no_text, no_object, brackets, endless, a_list]
)
def test_what_somebody_else_wrote_is_no_answer(
    redis: Redis, counting_view: CountingView, forge: Forge
) -> None:
    counting_view.open()
    counting_view.post()
    (key,) = redis.keys("idempotency:*")
    counting_view.post(key="another one")
    forge(redis, key)
    answer = counting_view.post()
    assert (answer.status_code, answer.headers["Location"]) == (201, "/things/3")
    assert counting_view.made == 3


def test_an_answer_of_ours_is_given_again(redis: Redis, counting_view: CountingView) -> None:
    counting_view.open()
    first, again = counting_view.post(), counting_view.post()
    assert (again.data, counting_view.made) == (first.data, 1)


def test_what_is_longer_than_any_answer_is_not_read(
    redis: Redis, redis_urls: tuple[str, str]
) -> None:
    store = RedisStore.from_url(redis_urls[0])
    redis.set("idempotency:a", b"a" * (MOST_BYTES + 1))
    redis.set("idempotency:b", b"b" * MOST_BYTES)
    for ask in (lambda: store.claim("a", "x", 1), lambda: store.read("a")):
        with pytest.raises(StoreAwayError, match="longer than any answer"):
            ask()
    found = store.read("b")
    assert found is not None
    assert len(found.value) == MOST_BYTES
    store.close()


def test_the_claim_is_sealed_as_well(app_context: None) -> None:
    inner = MemoryStore()
    store = SealedStore(inner)
    assert store.claim("a", "mine", 30) is None
    found = store.claim("a", "yours", 30)
    assert found == Held("mine", 30)
    inner.keep("a", inner.claim("a", "", 1).value, "mine", 30)  # type: ignore[union-attr]
    with pytest.raises(StoreAwayError):
        store.claim("a", "yours", 30)


def test_a_claim_that_is_put_back_after_its_time_holds_nobody_up(
    app_context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key would be refused for ever."""
    inner = MemoryStore()
    store = SealedStore(inner)
    store.claim("a", "mine", 30)
    put_back = inner.read("a")
    assert put_back
    store.release("a", "mine")
    assert store.read("a") is None
    later = time.time() + 60
    monkeypatch.setattr(sealed_store, "time", lambda: later, raising=False)
    inner.claim("a", put_back.value, 30)
    with pytest.raises(StoreAwayError):
        store.claim("a", "yours", 30)
    assert store.claim("b", "yours", 30) is None
    assert store.keep("b", "yours", "answer", 30)
    assert store.read("b") == Held("answer", 30)
