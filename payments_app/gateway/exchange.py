"""One call to Stripe and its answer: refused here or sent, timed, sorted, as plain data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from payments_app.gateway import breaker
from payments_app.gateway.errors import sort
from payments_app.gateway.ids import clean_id, id_of
from payments_app.gateway.results import Verdict
from payments_app.gateway.throttle import MAX_WAIT_SECONDS, throttle

_WITHOUT_ID = ("list", "account_link")


@dataclass(frozen=True)
class Reply:
    """`body` is the object, or `trouble` sorts what came instead. `attached` is the intent
    inside an error, without its secret; `retry_after` in seconds, where a time was
    named."""

    call: str
    body: dict[str, Any] | None = None
    trouble: Verdict | None = None
    error: dict[str, Any] | None = None
    attached: dict[str, Any] | None = None
    request_id: str | None = None
    milliseconds: int = 0
    http_status: int | None = None
    replayed: bool = False
    retry_after: float | None = None

    @property
    def error_code(self) -> str | None:
        """`code`, else `type`."""
        return (self.error or {}).get("code") or (self.error or {}).get("type")

    def as_history(self) -> dict[str, Any]:
        """What the timeline keeps of this call."""
        return {
            "verdict": str(self.trouble) if self.trouble else "answered",
            "status": (self.body or {}).get("status"),
            "request_id": self.request_id,
            "milliseconds": self.milliseconds,
            "http_status": self.http_status,
            "replayed": self.replayed or None,
            "error_code": self.error_code,
            "message": (self.error or {}).get("message"),
        }


def object_call(
    name: str, kind: str, call: Callable[[], Any], *, max_wait: float = MAX_WAIT_SECONDS
) -> Reply:
    """Make a call that answers an object of this kind, and sort its outcome. Never raises.

    It may be refused here, before anything is sent: by the breaker while Stripe is away, or by
    the throttle where a turn is more than `max_wait` seconds away.
    """
    refused = _refusal(name, max_wait)
    if refused is not None:
        return refused
    reply = _make(name, kind, call)
    breaker.report(reached=reply.http_status is not None and reply.http_status < 500)
    return reply


def plain(found: Any) -> dict[str, Any]:
    """An SDK object as plain JSON-like data."""
    data: dict[str, Any] = found.to_dict()
    return data


def _refusal(name: str, max_wait: float) -> Reply | None:
    seconds = breaker.refusal_seconds()
    if seconds is not None:
        error = {"type": "api_connection", "code": "breaker_open", "message": "Network error"}
        return Reply(name, trouble=Verdict.LATER, error=error, retry_after=seconds)
    seconds = throttle().wait_for_turn(max_wait)
    if seconds:
        error = {"type": "throttled", "message": "Too many calls to Stripe at once"}
        return Reply(name, trouble=Verdict.LATER, error=error, retry_after=seconds)
    return None


def _make(name: str, kind: str, call: Callable[[], Any]) -> Reply:
    started = time.monotonic()
    try:
        found = call()
        body = plain(found)
        if body.get("object") != kind:
            raise ValueError(f"not a {kind}")
        if kind not in _WITHOUT_ID and clean_id(body.get("id")) is None:
            raise ValueError(f"a {kind} without an id")
    except Exception as error:
        return _failed(name, started, error)
    response = found.last_response
    return Reply(
        name,
        body=body,
        request_id=response.request_id if response else None,
        milliseconds=_since(started),
        http_status=response.code if response else None,
        replayed=_is_replayed(response.headers if response else {}),
    )


def _failed(name: str, started: float, error: Exception) -> Reply:
    trouble, told = sort(error)
    headers: Mapping[str, str] = getattr(error, "headers", None) or {}
    return Reply(
        name,
        trouble=trouble,
        error=told,
        attached=_intent_of(error),
        request_id=getattr(error, "request_id", None),
        milliseconds=_since(started),
        http_status=getattr(error, "http_status", None),
        replayed=_is_replayed(headers),
        retry_after=_seconds(_header(headers, "Retry-After")),
    )


def _intent_of(error: Exception) -> dict[str, Any] | None:
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
