"""Answers that are the same for everybody, kept on the cache's Redis: JSON, never pickle.

A key names the version of what it was made from, so a change is seen at once, and the shape of
what it holds (`shape_of`), so that no release reads what another one wrote. What no version tells
ends by its time to live, or by `flask cache purge KEY`, which asks the CDN as well. Without Redis
everything is worked out again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click
from cachelib.serializers import BaseSerializer
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_caching import Cache
from flask_caching.backends.rediscache import RedisCache

from payments_app.core import redis_client
from payments_app.core.web.links import seals

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")

_GENERATION_SECONDS = 30 * 24 * 3600  # far longer than anything is kept
_PURGE_SECONDS = 10
_MOST_BYTES = 1_000_000  # of one value; of a longer one its beginning is read, which no seal fits
_SEALED = re.compile(rb'\{"seal": "([0-9a-f]{64})", "until": (\d{1,12}), "value": (.*)\}')
_cache = Cache()

cache_group = AppGroup("cache", help="Public answers, here and at the CDN.")


class _AsIs(BaseSerializer):
    """What is stored is bytes already."""

    def dumps(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """The same."""
        return value

    def loads(self, bvalue: bytes | None) -> Any:
        """The same."""
        return bvalue


class JsonRedisCache(RedisCache):
    """Redis that holds JSON: whoever writes to it can't make us run code, as pickle would. Each
    value is sealed with its key and its end: what somebody else wrote, kept for longer or put back
    is as if it were not there."""

    serializer = _AsIs()  # type: ignore[assignment]

    def get(self, key: str) -> Any:
        """See BaseRedisCache; so are those that follow."""
        return self.get_many(key)[0]

    def get_many(self, *keys: str) -> list[Any]:
        with self._read_client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.getrange(self._get_prefix() + key, 0, _MOST_BYTES)
            return [
                self._opened(*each)
                for each in zip(keys, pipeline.execute(raise_on_error=False), strict=True)
            ]

    def set(self, key: str, value: Any, timeout: int | dt.timedelta | None = None) -> Any:
        return super().set(key, self._sealed(key, value, timeout), timeout)

    def set_many(
        self, mapping: dict[str, Any], timeout: int | dt.timedelta | None = None
    ) -> list[Any]:
        sealed = {key: self._sealed(key, value, timeout) for key, value in mapping.items()}
        return super().set_many(sealed, timeout)

    def _sealed(self, key: str, value: Any, timeout: int | dt.timedelta | None) -> bytes:
        until = int(time.time()) + self._normalize_timeout(timeout)
        text = json.dumps(value)
        seal = self._seals(key, until, text)[0]
        return f'{{"seal": "{seal}", "until": {until}, "value": {text}}}'.encode()

    def _opened(self, key: str, stored: object) -> Any:
        found = _SEALED.fullmatch(stored) if isinstance(stored, bytes) else None
        if found is None or (until := int(found[2])) < time.time():
            return None
        seal, text = found[1].decode(), found[3].decode("ascii", "replace")
        ours = any(hmac.compare_digest(seal, one) for one in self._seals(key, until, text))
        return json.loads(text) if ours else None

    def _seals(self, key: str, until: int, text: str) -> list[str]:
        return seals("cache", f"{self._get_prefix()}{key}\n{until}\n{text}")


def prepare(app: Flask) -> None:
    """Connect the cache of public answers."""
    app.extensions["cache_rest"] = redis_client.Rest("pages do without their cache")
    connect(app, _cache, "public:")


def connect(app: Flask, cache: Cache, prefix: str) -> None:
    """Connect a package's cache to the cache's Redis."""
    cache.init_app(
        app,
        {
            "CACHE_TYPE": f"{__name__}.JsonRedisCache",
            "CACHE_REDIS_HOST": redis_client.fail_fast(app.config["CONFIG"].cache_redis_url),
            "CACHE_KEY_PREFIX": prefix,
            "CACHE_NO_NULL_WARNING": True,
        },
    )


def shape_of(*kinds: type[DataclassInstance]) -> str:
    """A hash of the fields of these dataclasses and their types, for the key of what holds them."""
    shape = [[(each.name, str(each.type)) for each in fields(kind)] for kind in kinds]
    return hashlib.sha256(repr(shape).encode()).hexdigest()[:12]


def remembered(name: str, version: str, seconds: int, make: Callable[[], T]) -> T:
    """What `make` gives for this version, at most `seconds` old."""
    generation = guarded(lambda: _cache.get(_generation_of(name))) or 0
    key = f"{name}:{generation}:{version}"
    found = guarded(lambda: _cache.get(key))
    if found is not None:
        kept: T = found
        return kept
    made = make()
    guarded(lambda: _cache.set(key, made, timeout=seconds))
    return made


def purge(name: str) -> None:
    """Forget what is kept under this name here, and at the CDN where CDN_PURGE_URL names one.

    Raises OSError where the CDN does not answer with success: then it still hands out the old.
    """
    guarded(lambda: _cache.set(_generation_of(name), time.time_ns(), timeout=_GENERATION_SECONDS))
    config = current_app.config["CONFIG"]
    if config.cdn_purge_url:
        _purge_at_cdn(config.cdn_purge_url, config.cdn_purge_token or "", name)


def _purge_at_cdn(url: str, token: str, key: str) -> None:
    """As Fastly takes it, https://www.fastly.com/documentation/reference/api/purging/"""
    headers = {"Surrogate-Key": key, "Fastly-Key": token}
    # The installation's own setting, https outside this machine.
    ask = urllib.request.Request(url, method="POST", headers=headers)  # noqa: S310
    try:
        urllib.request.urlopen(ask, timeout=_PURGE_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"it answered {error.code}") from None


@cache_group.command("purge")
@click.argument("key")
def purge_command(key: str) -> None:
    """Forget the answers that carry KEY in their Surrogate-Key header."""
    try:
        purge(key)
    except OSError as error:
        raise click.ClickException(f"the CDN was not purged: {error}") from error
    click.echo(f"{key} is forgotten")


def _generation_of(name: str) -> str:
    return f"generation:{name}"


def guarded(call: Callable[[], Any]) -> Any:
    """What a call of the cache gives; None where Redis is away, and for a while after that."""
    return current_app.extensions["cache_rest"].ask(call)
