"""Sorting what the SDK raises by what to do next.

By status first, then by `error.code` where there is an error, then by the cause: the SDK's
classes alone mix what was never sent with what may have charged.
Source: https://docs.stripe.com/error-low-level, https://docs.stripe.com/api/errors
"""

from __future__ import annotations

import logging
from typing import Any

import requests
import stripe
from urllib3.exceptions import NewConnectionError

from payments_app.gateway.results import Verdict

log = logging.getLogger(__name__)

_READ_AGAIN = frozenset(
    {
        "payment_intent_unexpected_state",
        "setup_intent_unexpected_state",
        "charge_already_refunded",
    }
)


def sort(error: Exception) -> tuple[Verdict, dict[str, Any]]:
    """The verdict on a call that raised, and the error body that is kept of it."""
    if isinstance(error, stripe.APIConnectionError):
        return _sort_connection(error)
    if not isinstance(error, stripe.StripeError):
        log.exception("unexpected error while talking to Stripe", exc_info=error)
        return Verdict.UNKNOWN, _own("unexpected_error", type(error).__name__)
    status, body = error.http_status or 0, _body(error)
    if status == 402:
        return Verdict.DECLINED, body
    if status == 429:
        return Verdict.LATER, {**body, "type": "rate_limit", "message": "Rate limit exceeded"}
    if status == 409:
        return Verdict.LATER, {**body, "type": body.get("type") or "idempotency_error"}
    if status == 401:
        return Verdict.MISCONFIGURED, _own("authentication", "Authentication failed", body)
    if status == 403:
        words = "Connected account permission denied"
        return Verdict.MISCONFIGURED, _own("permission_error", words, body)
    if status in (400, 404) and body:
        return _sort_refusal(body)
    return Verdict.UNKNOWN, body or _own("api_error", "Stripe's answer made no sense")


def _sort_refusal(body: dict[str, Any]) -> tuple[Verdict, dict[str, Any]]:
    if body.get("type") == "idempotency_error":
        log.warning("Stripe knows this key with other parameters: %s", body.get("message"))
        return Verdict.UNKNOWN, body
    if body.get("code") in _READ_AGAIN:
        return Verdict.MOVED_ON, body
    return Verdict.INVALID, body


def _sort_connection(error: stripe.APIConnectionError) -> tuple[Verdict, dict[str, Any]]:
    never_opened = _never_opened(error.__cause__)
    words = "Network error" if never_opened else "Network error after sending"
    verdict = Verdict.LATER if never_opened else Verdict.UNKNOWN
    return verdict, _own("api_connection", words, cause=type(error.__cause__).__name__)


def _never_opened(cause: BaseException | None) -> bool:
    """Whether the connection was never made: only then was nothing sent."""
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return True
    inner = cause.args[0] if cause is not None and cause.args else None
    return isinstance(getattr(inner, "reason", inner), NewConnectionError)


def _body(error: stripe.StripeError) -> dict[str, Any]:
    """Stripe's error body as it came, without the intent inside it (it carries a secret)."""
    body = error.json_body.get("error") if isinstance(error.json_body, dict) else None
    if not isinstance(body, dict):
        return {}
    unkept = ("payment_intent", "setup_intent", "source")
    return {key: value for key, value in body.items() if key not in unkept}


def _own(
    kind: str, message: str, body: dict[str, Any] | None = None, **also: Any
) -> dict[str, Any]:
    return {**(body or {}), "type": kind, "message": message, **also}
