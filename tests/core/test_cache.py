"""What is kept for all visitors, and forgotten at once when it changed."""

from __future__ import annotations

import tracemalloc

import pytest
from redis import Redis

from parts.process import wait_until
from payments_app.core.web.cache import purge, remembered

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("app_context")]


def test_what_was_purged_is_made_again() -> None:
    versions = iter(["old", "new"])

    def shown() -> str:
        return remembered("goods", "1", 60, lambda: next(versions))

    assert (shown(), shown()) == ("old", "old")
    purge("goods")
    assert (shown(), shown()) == ("new", "new")


@pytest.mark.parametrize(
    "forged", ['{"html": "<a href=https://evil.example>"}', "7", "[", "[" * 5000]
)
def test_what_somebody_else_wrote_there_is_not_read(settings: dict[str, str], forged: str) -> None:
    redis = Redis.from_url(settings["CACHE_REDIS_URL"])
    for name in ("goods", "prices"):
        remembered(name, "1", 60, lambda: "ours")
    (goods,), (prices,) = redis.keys("*goods*"), redis.keys("*prices*")
    redis.set(goods, forged)
    assert remembered("goods", "1", 60, lambda: "made anew") == "made anew"
    redis.set(prices, redis.get(goods) or b"")
    assert remembered("prices", "1", 60, lambda: "made anew, too") == "made anew, too"


def test_what_somebody_else_put_back_after_its_time_is_not_read(settings: dict[str, str]) -> None:
    """As the count of alerts beside each of staff's pages, which would stay as it was for ever."""
    redis = Redis.from_url(settings["CACHE_REDIS_URL"])
    remembered("goods", "1", 1, lambda: "old")
    (goods,) = redis.keys("*goods*")
    old = redis.get(goods) or b""
    assert wait_until(lambda: redis.get(goods) is None, within=5)
    redis.set(goods, old)
    assert remembered("goods", "1", 1, lambda: "new") == "new"


def test_what_is_longer_than_any_value_of_ours_is_not_read(settings: dict[str, str]) -> None:
    """It would fill the memory of each process of the web."""
    redis = Redis.from_url(settings["CACHE_REDIS_URL"])
    for name in ("goods", "prices"):
        remembered(name, "1", 60, lambda: "ours")
    (goods,) = redis.keys("*goods*")
    redis.setrange(goods, 50_000_000, "x")
    tracemalloc.start()
    try:
        assert remembered("goods", "1", 60, lambda: "made anew") == "made anew"
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 10_000_000
    assert remembered("prices", "1", 60, lambda: "made anew") == "ours"
