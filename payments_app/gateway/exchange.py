"""One call to Stripe and its answer: refused here or sent, timed, sorted, as plain data."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from payments_app.core import tracing
from payments_app.core.db.columns import as_object
from payments_app.gateway import breaker
from payments_app.gateway.errors import sort
from payments_app.gateway.ids import clean_id, id_of
from payments_app.gateway.results import BREAKER_OPEN, THROTTLED, Answer, Verdict
from payments_app.gateway.throttle import MAX_WAIT_SECONDS, throttle
from payments_app.gateway.written import without_numbers

log = logging.getLogger(__name__)

_INTENTS = ("payment_intent", "setup_intent")
V2_LIST = "v2_list"  # a list of API v2, which says no kind
_WITHOUT_ID = ("list", V2_LIST, "account_link", "v2.core.account_link", "balance")


def object_call(
    name: str, kind: str, call: Callable[[], Any], *, max_wait: float = MAX_WAIT_SECONDS
) -> Answer:
    """Make a call that answers an object of this kind, and sort its outcome: ANSWERED with the
    object, or what came instead. Never raises.

    It may be refused here, before anything is sent: by the breaker while Stripe is away, or by
    the throttle where a turn is more than `max_wait` seconds away.
    """
    guard = breaker.breaker_of(kind)
    refused = _refusal(name, f"{kind}.{name}", guard, max_wait)
    if refused is not None:
        _log(kind, refused)
        return refused
    answer = unguarded_call(name, kind, call)
    breaker.report(guard, reached=answer.reached)
    return answer


def unguarded_call(name: str, kind: str, call: Callable[[], Any]) -> Answer:
    """Make a call whatever the breaker and the throttle say, and tell neither how it went."""
    with tracing.span(f"stripe.{name}"):
        answer = _make(name, kind, call)
    _log(kind, answer)
    return answer


def _log(kind: str, answer: Answer) -> None:
    """One line, with the payment where the object names it."""
    body = answer.body or {}
    told = answer.as_history() | {"stripe_id": clean_id(body.get("id"))}
    told["stripe_request"], told["said"] = told.pop("request_id"), told.pop("message")
    told["payment"] = clean_id(as_object(body.get("metadata")).get("transaction_id"))
    facts = {name: value for name, value in told.items() if value is not None}
    came = body.get("status") if answer.verdict == Verdict.ANSWERED else None
    log.info("stripe.%s %s: %s", kind, answer.call, came or answer.verdict, extra={"facts": facts})


def plain(found: Any) -> dict[str, Any]:
    """An SDK object as plain JSON-like data, without the card numbers that people wrote."""
    data: dict[str, Any] = without_numbers(found.to_dict())
    return data


def _refusal(name: str, operation: str, guard: str, max_wait: float) -> Answer | None:
    seconds = breaker.refusal_seconds(guard)
    if seconds is not None:
        error = {"type": "api_connection", "code": BREAKER_OPEN, "message": "Network error"}
        return Answer(name, Verdict.LATER, error=error, retry_after=seconds)
    seconds = throttle().wait_for_turn(operation, max_wait)
    if seconds:
        error = {"type": THROTTLED, "message": "Too many calls to Stripe at once"}
        return Answer(name, Verdict.LATER, error=error, retry_after=seconds)
    return None


def _make(name: str, kind: str, call: Callable[[], Any]) -> Answer:
    started = time.monotonic()
    try:
        found = call()
        body = plain(found)
        if _kind_of(body) != kind:
            raise ValueError(f"not a {kind}")
        if kind not in _WITHOUT_ID and clean_id(body.get("id")) is None:
            raise ValueError(f"a {kind} without an id")
    except Exception as error:
        return _failed(name, kind, started, error)
    response = found.last_response
    return Answer(
        name,
        Verdict.ANSWERED,
        body,
        request_id=response.request_id if response else None,
        milliseconds=_since(started),
        http_status=response.code if response else None,
        replayed=_is_replayed(response.headers if response else {}),
    )


def _kind_of(body: dict[str, Any]) -> Any:
    return V2_LIST if "data" in body and "object" not in body else body.get("object")


def _failed(name: str, kind: str, started: float, error: Exception) -> Answer:
    verdict, told = sort(error)
    headers: Mapping[str, str] = getattr(error, "headers", None) or {}
    return Answer(
        name,
        verdict,
        without_numbers(_intent_of(error)) if kind in _INTENTS else None,
        without_numbers(told),
        request_id=getattr(error, "request_id", None),
        milliseconds=_since(started),
        http_status=getattr(error, "http_status", None),
        replayed=_is_replayed(headers),
        retry_after=_seconds(_header(headers, "Retry-After")),
    )


def _intent_of(error: Exception) -> dict[str, Any] | None:
    """The intent inside an error, without its secret."""
    body = getattr(error, "json_body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    inner = inner if isinstance(inner, dict) else {}
    intent = inner.get("payment_intent") or inner.get("setup_intent")
    if not isinstance(intent, dict) or id_of(intent) is None:
        return None
    return {key: value for key, value in intent.items() if key != "client_secret"}


def _is_replayed(headers: Mapping[str, str]) -> bool:
    return _header(headers, "Idempotent-Replayed") == "true"


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return headers.get(name) or headers.get(name.lower())


def _seconds(value: str | None) -> float | None:
    try:
        return min(3600.0, max(0.0, float(value))) if value else None
    except ValueError:
        return None


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
