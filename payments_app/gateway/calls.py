"""Making one call to Stripe: timed, sorted, turned into plain data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import stripe

from payments_app.gateway import breaker
from payments_app.gateway.errors import sort
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.throttle import throttle

_BY_STATUS = {
    "succeeded": Verdict.SUCCEEDED,
    "processing": Verdict.PROCESSING,
    "requires_action": Verdict.REQUIRES_ACTION,
    "requires_confirmation": Verdict.OPEN,
    "requires_payment_method": Verdict.OPEN,
    "requires_capture": Verdict.PROCESSING,
    "canceled": Verdict.CANCELED,
}


def intent_call(name: str, call: Callable[[], stripe.PaymentIntent]) -> Answer:
    """Make a call that answers a payment intent, and sort its outcome. Never raises.

    It may be refused here, before anything is sent: by the breaker while Stripe is away, or by
    the throttle when too many calls wait for their turn.
    """
    refused = _refusal(name)
    if refused is not None:
        return refused
    answer = _make(name, call)
    breaker.report(reached=answer.http_status is not None and answer.http_status < 500)
    return answer


def _refusal(name: str) -> Answer | None:
    seconds = breaker.refusal_seconds()
    if seconds is not None:
        error = {"type": "api_connection", "code": "breaker_open", "message": "Network error"}
        return Answer(name, Verdict.LATER, error=error, retry_after=seconds)
    seconds = throttle().wait_for_turn()
    if seconds:
        error = {"type": "throttled", "message": "Too many calls to Stripe at once"}
        return Answer(name, Verdict.LATER, error=error, retry_after=seconds)
    return None


def _make(name: str, call: Callable[[], stripe.PaymentIntent]) -> Answer:
    started = time.monotonic()
    try:
        intent = call()
        body = plain(intent)
        if body.get("object") != "payment_intent" or body.get("status") not in _BY_STATUS:
            return _failed(name, started, ValueError("not a payment intent"))
        return _answered(name, started, body, intent)
    except Exception as error:
        return _failed(name, started, error)


def plain(found: Any) -> dict[str, Any]:
    """An SDK object as plain JSON-like data."""
    data: dict[str, Any] = found.to_dict()
    return data


def _answered(name: str, started: float, body: dict[str, Any], found: Any) -> Answer:
    response = found.last_response
    headers: Mapping[str, str] = response.headers if response else {}
    secret = body.pop("client_secret", None)
    verdict, error = _BY_STATUS[body["status"]], None
    if body["status"] == "requires_payment_method" and body.get("last_payment_error"):
        error = _without_secrets(body["last_payment_error"])
        verdict = Verdict.DECLINED
    return Answer(
        call=name,
        verdict=verdict,
        intent=body,
        error=error,
        client_secret=secret,
        request_id=response.request_id if response else None,
        milliseconds=_since(started),
        http_status=response.code if response else None,
        replayed=_header(headers, "Idempotent-Replayed") == "true",
    )


def _failed(name: str, started: float, error: Exception) -> Answer:
    verdict, body = sort(error)
    headers = getattr(error, "headers", None) or {}
    json_body = getattr(error, "json_body", None)
    inner = json_body.get("error") if isinstance(json_body, dict) else None
    intent = inner.get("payment_intent") if isinstance(inner, dict) else None
    if isinstance(intent, dict):
        intent = {key: value for key, value in intent.items() if key != "client_secret"}
    return Answer(
        call=name,
        verdict=verdict,
        intent=intent if isinstance(intent, dict) else None,
        error=body,
        request_id=getattr(error, "request_id", None),
        milliseconds=_since(started),
        http_status=getattr(error, "http_status", None),
        replayed=_header(headers, "Idempotent-Replayed") == "true",
        retry_after=_seconds(_header(headers, "Retry-After")),
    )


def _without_secrets(error: dict[str, Any]) -> dict[str, Any]:
    return {
        k: v for k, v in error.items() if k not in ("payment_intent", "payment_method", "source")
    }


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return headers.get(name) or headers.get(name.lower())


def _seconds(value: str | None) -> float | None:
    try:
        return min(3600.0, max(0.0, float(value))) if value else None
    except ValueError:
        return None


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
