"""Idempotency-Key: a request that is sent twice runs once, and is answered the same.

    @blueprint.post("/things")
    @staff("make_things")          # authentication, permission and rate limits come first
    @idempotent(store=app_store)
    def create(): ...

The header's semantics: draft-ietf-httpapi-idempotency-key-header. This saves work and answers
alike; the last line against doing a thing twice is a unique key in the database, which also holds
while the store is away.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, after_this_request, current_app, g, make_response, request
from flask.typing import ResponseReturnValue

from payments_app.core.outages import JOBS_REDIS
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_answers import (
    REPLAYED_HEADER,
    answer_held,
    kept_answer,
    refusal,
)
from payments_app.core.web.idempotency_keys import clean_key, fingerprint_of_parameters, needed_key
from payments_app.core.web.idempotency_stores import Held, Store, StoreAwayError

log = logging.getLogger(__name__)

P = ParamSpec("P")

KEY_HEADER = "X-Idempotency-Key"


class IdempotencyConfigError(RuntimeError):
    """A view is idempotent, but nobody said where its keys are to be kept."""


@dataclass(frozen=True)
class _Options:
    store: Callable[[], Store]
    ttl: float
    lock_ttl: float
    header: str
    required: bool
    fingerprint: Callable[[], str]
    replay: bool
    caller: Callable[[], str | None]
    caller_is_new: bool


def idempotent(
    *,
    store: Store | Callable[[], Store] | None = None,
    ttl: float = 86_400,
    lock_ttl: float = 60,
    header: str = "Idempotency-Key",
    required: bool = False,
    fingerprint: Callable[[], str] | None = None,
    replay: bool = True,
    caller: Callable[[], str | None] | None = None,
    caller_is_new: bool = False,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Run a view once for each key, endpoint and `caller()`; callers of None share the endpoint.

    `caller_is_new` says that a caller may have got their name with the answer that they ask for
    again: theirs is also what None was answered, if the request is the same.

    Answers that the view returns (2xx to 4xx) are kept for `ttl` seconds; a 5xx, and whatever it
    raises, gives the key free. `lock_ttl` in seconds must be above the slowest view. Without
    `replay` only the key is kept, and a request that was answered is refused like one in flight.

    Raises ProblemError: 400 `idempotency_key_missing` and `idempotency_key_invalid`, 409
    `idempotency_conflict`, 422 `idempotency_key_reuse`; in an application that is not ours, which
    has no handler for them, these are answered as JSON. Raises IdempotencyConfigError where it is
    applied without a store.
    """
    if store is None:
        raise IdempotencyConfigError(
            "@idempotent needs store=: a RedisStore, a MemoryStore (one process only), or app_store"
        )
    if ttl <= 0 or lock_ttl <= 0:
        raise IdempotencyConfigError("@idempotent needs a ttl and a lock_ttl above 0 s")
    options = _Options(
        store=store if callable(store) else lambda: store,
        ttl=ttl,
        lock_ttl=lock_ttl,
        header=header,
        required=required,
        fingerprint=fingerprint or fingerprint_of_parameters,
        replay=replay,
        caller=caller or (lambda: None),
        caller_is_new=caller_is_new,
    )

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def run(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            try:
                return _keyed(options, lambda: view(*args, **kwargs))
            except ProblemError as problem:
                if _is_answered():
                    raise
                return refusal(problem)

        run.__idempotent__ = store  # type: ignore[attr-defined]
        return run

    return decorate


def _keyed(options: _Options, view: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    clean = needed_key if options.required else clean_key
    key = clean(request.headers.get(options.header), options.header)
    g.idempotency_key = key
    return view() if key is None else _run_once(options, key, lambda: make_response(view()))


def _is_answered() -> bool:
    """Whether this application answers problems itself; one that is not ours does not."""
    return ProblemError in current_app.error_handler_spec[None].get(None, {})


def prepare(app: Flask, store: Store | None) -> None:
    """Configure the application's store; call it once the routes are there.

    Raises IdempotencyConfigError where a route needs the store and there is none.
    """
    waiting = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if getattr(view, "__idempotent__", None) is app_store
    ]
    if store is None and waiting:
        raise IdempotencyConfigError(f"no idempotency store for {', '.join(sorted(waiting))}")
    app.extensions["idempotency_store"] = store


def app_store() -> Store:
    """The application's store. Raises IdempotencyConfigError where none was configured."""
    store: Store | None = current_app.extensions.get("idempotency_store")
    if store is None:
        raise IdempotencyConfigError("idempotency.prepare(app, store) was not called")
    return store


def _run_once(options: _Options, key: str, view: Callable[[], Response]) -> Response:
    _tell(KEY_HEADER, key)
    caller = options.caller()
    name = _name(key, caller)
    fingerprint = options.fingerprint()
    claim = json.dumps({"fingerprint": fingerprint, "claim": secrets.token_hex(16)})
    try:
        store = options.store()
        held = store.claim(name, claim, options.lock_ttl)
    except StoreAwayError as error:
        JOBS_REDIS.failed(error, "idempotency keys are not kept")
        _tell(REPLAYED_HEADER, "false")
        return view()
    if held is None and caller is not None and options.caller_is_new:
        held = _before_the_name(store, key, fingerprint)
        if held is not None:
            _release(store, name, claim)
    if held is not None:
        return answer_held(held, fingerprint)
    _tell(REPLAYED_HEADER, "false")
    try:
        response = view()
        kept = _keep(store, options, name, claim, fingerprint, response)
    except BaseException:
        _release(store, name, claim)
        raise
    if not kept:
        _release(store, name, claim)
    return response


def _before_the_name(store: Store, key: str, fingerprint: str) -> Held | None:
    """What is held of the same request without a name. Another request under that key is a
    stranger's: it is as if it were not there."""
    try:
        held = store.read(_name(key, None))
    except StoreAwayError as error:
        JOBS_REDIS.failed(error, "an earlier answer was not looked for")
        return None
    return held if held and json.loads(held.value)["fingerprint"] == fingerprint else None


def _keep(
    store: Store, options: _Options, name: str, claim: str, fingerprint: str, response: Response
) -> bool:
    """Keep an answer; False where it is one that gives the key free."""
    if response.status_code >= 500:
        return False
    kept = kept_answer(fingerprint, response, replay=options.replay)
    try:
        if not store.keep(name, claim, json.dumps(kept), options.ttl):
            log.error("a key's lock was gone before its answer: %s", request.endpoint)
    except StoreAwayError as error:
        JOBS_REDIS.failed(error, "an answer was not kept")
    return True


def _release(store: Store, name: str, claim: str) -> None:
    try:
        store.release(name, claim)
    except StoreAwayError as error:
        JOBS_REDIS.failed(error, "a key is held until its lock ends")


def _name(key: str, caller: str | None) -> str:
    """Of one key of one caller at one endpoint. Hashed: a key may be of any characters."""
    scope = json.dumps([request.method, request.endpoint, caller, key])
    return hashlib.sha256(scope.encode()).hexdigest()


def _tell(header: str, value: str) -> None:
    """Send a header with whatever answer comes of this request, unless it has one already."""

    @after_this_request
    def send(response: Response) -> Response:
        response.headers.setdefault(header, value)
        return response
