"""Claims are atomic, and nobody ends another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from parts.redis import Redis
from payments_app.core.web import idempotency
from payments_app.core.web.access import public
from payments_app.core.web.idempotency import IdempotencyConfigError, app_store, idempotent
from payments_app.core.web.idempotency_stores import MemoryStore, RedisStore, Store, StoreAwayError
from tests.idempotency.counting_view import Clock, CountingView, replayed


def test_a_name_is_claimed_once(store: Store) -> None:
    assert store.claim("a", "mine", 30) is None
    held = store.claim("a", "yours", 30)
    assert (held.value, held.seconds) == ("mine", 30)


def test_of_many_claims_at_once_one_wins(store: Store) -> None:
    won: list[int] = []
    gate = threading.Barrier(16)

    def claim(number: int) -> None:
        gate.wait(10)
        if store.claim("a", str(number), 30) is None:
            won.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_what_is_read_is_not_claimed(store: Store) -> None:
    assert store.read("a") is None
    assert store.claim("a", "mine", 30) is None
    held = store.read("a")
    assert (held.value, held.seconds) == ("mine", 30)


def test_a_released_name_is_free(store: Store) -> None:
    store.claim("a", "mine", 30)
    store.release("a", "mine")
    assert store.claim("a", "yours", 30) is None


def test_nobody_releases_anothers_claim(store: Store) -> None:
    store.claim("a", "mine", 30)
    store.release("a", "yours")
    assert store.claim("a", "yours", 30).value == "mine"


def test_nobody_keeps_over_anothers_claim(store: Store) -> None:
    store.claim("a", "mine", 30)
    assert not store.keep("a", "yours", "answer", 30)
    assert store.claim("a", "yours", 30).value == "mine"


def test_an_answer_takes_the_place_of_its_claim(store: Store) -> None:
    store.claim("a", "mine", 30)
    assert store.keep("a", "mine", "answer", 100)
    held = store.claim("a", "yours", 30)
    assert (held.value, held.seconds) == ("answer", 100)


def test_an_answer_is_kept_also_when_its_claim_ran_out(store: Store) -> None:
    assert store.keep("a", "mine", "answer", 100)
    assert store.claim("a", "yours", 30).value == "answer"


def test_a_claim_ends_with_its_lock(clock: Clock) -> None:
    store = MemoryStore(clock)
    store.claim("a", "mine", 30)
    clock.pass_(31)
    assert store.claim("a", "yours", 30) is None


def test_redis_ends_a_claim_with_its_lock(redis_urls: tuple[str, str]) -> None:
    store = RedisStore.from_url(redis_urls[0])
    store.claim("a", "mine", 0.001)
    ended = threading.Event()
    for _ in range(100):
        if store.claim("a", "yours", 30) is None:
            ended.set()
            break
    store.close()
    assert ended.is_set()


class TestWhileRedisIsAway:
    """The view runs: what must not happen twice has a key of its own in the database."""

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Redis]:
        with Redis(tmp_path / "away") as server:
            yield server

    @pytest.fixture
    def store(self, server: Redis) -> Iterator[Store]:
        store = RedisStore.from_url(server.url())
        yield store
        store.close()

    def test_a_stopped_one_says_that_it_is_away(self, server: Redis, store: Store) -> None:
        server.stop()
        with pytest.raises(StoreAwayError):
            store.claim("a", "mine", 30)

    def test_the_view_runs_without_a_stopped_one(
        self, server: Redis, store: Store, counting_view: CountingView
    ) -> None:
        counting_view.open()
        server.stop()
        answer = counting_view.post()
        assert (answer.status_code, replayed(answer)) == (201, "false")

    def test_the_view_runs_without_a_frozen_one(
        self, server: Redis, store: Store, counting_view: CountingView
    ) -> None:
        counting_view.open()
        server.freeze()
        assert counting_view.post().status_code == 201

    def test_an_answer_that_can_t_be_kept_is_given_all_the_same(
        self, server: Redis, store: Store, counting_view: CountingView
    ) -> None:
        def make() -> object:
            server.stop()
            return counting_view.make()

        counting_view.answer = make
        assert counting_view.open().post().status_code == 201


def test_a_view_without_a_store_is_a_configuration_error() -> None:
    with pytest.raises(IdempotencyConfigError, match="RedisStore"):
        idempotent()(lambda: "done")


def test_an_app_without_the_store_its_views_need_does_not_start() -> None:
    app = Flask("shop")
    view = public(idempotent(store=app_store)(lambda: "done"))
    app.add_url_rule("/things", "make_things", view, methods=["POST"])
    with pytest.raises(IdempotencyConfigError, match="make_things"):
        idempotency.prepare(app, None)


@pytest.mark.parametrize("options", [{"ttl": 0}, {"lock_ttl": -1}])
def test_times_must_be_above_zero(options: dict[str, float]) -> None:
    with pytest.raises(IdempotencyConfigError):
        idempotent(store=MemoryStore(), **options)
