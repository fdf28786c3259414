"""Calls that answer something else than a payment intent: one object, or a list of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from payments_app.gateway import breaker
from payments_app.gateway.calls import plain
from payments_app.gateway.errors import sort
from payments_app.gateway.results import Verdict
from payments_app.gateway.throttle import throttle


class UnreadableError(RuntimeError):
    """Stripe's list could not be read: it says nothing about what is in it."""

    def __init__(self, verdict: Verdict, error: dict[str, Any]) -> None:
        super().__init__(f"{verdict}: {error.get('code') or error.get('type')}")
        self.verdict = verdict


@dataclass(frozen=True)
class Reply:
    """One call and its answer: `body` is the object, or `trouble` sorts what came instead.
    `retry_after` in seconds, where a time was named."""

    call: str
    body: dict[str, Any] | None = None
    trouble: Verdict | None = None
    error: dict[str, Any] | None = None
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


def object_call(name: str, kind: str, call: Callable[[], Any]) -> Reply:
    """Make a call that answers an object of this kind, and sort its outcome. Never raises."""
    seconds = _refusal_seconds()
    if seconds is not None:
        error = {"type": "api_connection", "code": "not_sent", "message": "Network error"}
        return Reply(name, trouble=Verdict.LATER, error=error, retry_after=seconds)
    reply = _make(name, kind, call)
    breaker.report(reached=reply.http_status is not None and reply.http_status < 500)
    return reply


def pages(fetch: Callable[[dict[str, Any]], Any]) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, newest objects first; `fetch` takes the cursor of the next one.

    Raises UnreadableError as soon as one of them can't be read.
    """
    cursor: dict[str, Any] = {}
    while True:
        reply = object_call("list", "list", lambda cursor=cursor: fetch(cursor))  # type: ignore[misc]
        if reply.body is None:
            raise UnreadableError(reply.trouble or Verdict.UNKNOWN, reply.error or {})
        found: list[dict[str, Any]] = reply.body["data"]
        if found:
            yield found
        if not found or not reply.body.get("has_more"):
            return
        cursor = {"starting_after": found[-1]["id"]}


def _refusal_seconds() -> float | None:
    """None where the call may go out; else when to ask again. Nothing was sent then."""
    seconds = breaker.refusal_seconds()
    return seconds if seconds is not None else throttle().wait_for_turn() or None


def _make(name: str, kind: str, call: Callable[[], Any]) -> Reply:
    started = time.monotonic()
    try:
        found = call()
        body = plain(found)
        if body.get("object") != kind:
            raise ValueError(f"not a {kind}")
        response = found.last_response
        return Reply(
            name,
            body=body,
            request_id=response.request_id if response else None,
            milliseconds=_since(started),
            http_status=response.code if response else None,
            replayed=_is_replayed(response.headers if response else {}),
        )
    except Exception as error:
        trouble, told = sort(error)
        return Reply(
            name,
            trouble=trouble,
            error=told,
            request_id=getattr(error, "request_id", None),
            milliseconds=_since(started),
            http_status=getattr(error, "http_status", None),
            replayed=_is_replayed(getattr(error, "headers", None) or {}),
        )


def _is_replayed(headers: Mapping[str, str]) -> bool:
    return "true" in (headers.get("Idempotent-Replayed"), headers.get("idempotent-replayed"))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
