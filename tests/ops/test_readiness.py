"""/readyz tells of a Redis for jobs that takes none, and buyers are served all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.products import add_demo_products
from parts.redis import Redis
from tests.checkout.checkout_client import CheckoutClient


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """To be killed, frozen and filled."""
    with Redis(tmp_path / "own-redis") as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, str], own_redis: Redis) -> dict[str, str]:
    return settings | {"REDIS_URL": own_redis.url()}


def leave(_redis: Redis) -> None:
    pass


def fill(redis: Redis) -> None:
    with redis.client() as client:
        client.config_set("maxmemory", 1)


REDIS_IS = pytest.mark.parametrize(
    ("so", "told"),
    [
        pytest.param(leave, "ok", id="well"),
        pytest.param(Redis.kill, "unavailable", id="dead"),
        pytest.param(Redis.freeze, "unavailable", id="frozen"),
        pytest.param(fill, "full", id="full"),
    ],
)


@REDIS_IS
def test_readiness_says_whether_redis_takes_jobs(
    client: FlaskClient, own_redis: Redis, so: Callable[[Redis], None], told: str
) -> None:
    so(own_redis)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")
    assert answer.json["redis"] == told


@REDIS_IS
def test_a_buyer_is_served_at_once_whatever_redis_does(
    app: Flask, client: FlaskClient, own_redis: Redis, so: Callable[[Redis], None], told: str
) -> None:
    with app.app_context():
        add_demo_products()
    so(own_redis)
    began = time.monotonic()
    answer = CheckoutClient(app, client).post()
    assert answer.status_code == 202, f"{told}: {answer.text}"
    assert time.monotonic() - began < 5  # by itself redis-py tries for a minute
