"""With the cache's Redis away a limit is still one limit, however many processes there are."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis as RedisClient

from parts.settings import NO_CACHE
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.extensions import db
from payments_app.core.web.limits import LimitCounter, forget_counters
from tests.checkout.checkout_client import CheckoutClient
from tests.made_once import let_go

pytestmark = pytest.mark.portable
LIMIT, ASKED = 10, 40


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"CHECKOUT_RATE_LIMIT": f"{LIMIT}/hour"}


@pytest.fixture
def processes(settings: dict[str, str]) -> Iterator[list[Flask]]:
    """Four that know nothing of each other."""
    without = settings | {"CACHE_REDIS_URL": NO_CACHE}
    apps = [create_app(Config.from_env(without)) for _ in range(4)]
    yield apps
    for app in apps:
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                let_go(engine)


def test_ten_of_forty_pass(processes: list[Flask]) -> None:
    answers = [
        CheckoutClient(processes[number % 4], processes[number % 4].test_client()).post()
        for number in range(ASKED)
    ]
    assert sum(answer.status_code != 429 for answer in answers) == LIMIT


def test_a_limit_does_not_begin_anew_where_redis_goes_and_comes_back(app: Flask) -> None:
    """Each counts from one: the processes remember what they were told."""
    passed = 0
    for number in range(ASKED):
        rest = app.extensions["limiter"]._rest
        rest._until = time.monotonic() + (1000 if number % 2 else -1)
        passed += CheckoutClient(app, app.test_client()).post().status_code != 429
    assert passed == LIMIT


def test_a_counter_that_somebody_else_puts_back_is_not_believed(
    app: Flask, redis_urls: tuple[str, str]
) -> None:
    passed = 0
    with RedisClient.from_url(redis_urls[1]) as cache:
        for _ in range(ASKED):
            passed += CheckoutClient(app, app.test_client()).post().status_code != 429
            for key in cache.keys("limit:*"):
                cache.set(key, -1000)
    assert passed == LIMIT


def test_counters_go_with_their_window(processes: list[Flask]) -> None:
    app = processes[0]
    CheckoutClient(app, app.test_client()).post()
    with app.app_context():
        (row,) = db.session.query(LimitCounter).all()
        assert len(row.key) == 64
        row.ends_at = row.ends_at.replace(year=2000)
        db.session.commit()
        forget_counters()
        assert db.session.query(LimitCounter).count() == 0
