"""The settings that the measurements lift are ones that the application starts with."""

from __future__ import annotations

from bench.site import LIFTED
from parts.settings import NO_CACHE, NO_REDIS, private_settings
from payments_app.config import Config


def test_the_application_takes_the_limits_that_measurements_lift() -> None:
    settings = private_settings(
        database_url="postgresql://nobody@127.0.0.1:1/none",
        redis_url=NO_REDIS,
        cache_redis_url=NO_CACHE,
        sandbox_url="http://127.0.0.1:1",
    )
    config = Config.from_env(settings | LIFTED)
    assert config.checkout_rate_limit == LIFTED["CHECKOUT_RATE_LIMIT"]
