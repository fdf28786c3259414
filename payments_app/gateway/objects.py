"""Calls that answer something else than a payment intent: one object, or a list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from payments_app.gateway.exchange import Reply, object_call
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Verdict

__all__ = ["Reply", "UnreadableError", "object_call", "pages"]


class UnreadableError(RuntimeError):
    """Stripe's list could not be read: it says nothing about what is in it."""

    def __init__(self, verdict: Verdict, error: dict[str, Any]) -> None:
        super().__init__(f"{verdict}: {error.get('code') or error.get('type')}")
        self.verdict = verdict


def pages(fetch: Callable[[dict[str, Any]], Any]) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, newest objects first; `fetch` takes the cursor of the next one.

    Raises UnreadableError as soon as one of them can't be read, or holds what has no id: two such
    would share a row.
    """
    cursor: dict[str, Any] = {}
    while True:
        reply = object_call("list", "list", lambda cursor=cursor: fetch(cursor))  # type: ignore[misc]
        if reply.body is None:
            raise UnreadableError(reply.trouble or Verdict.UNKNOWN, reply.error or {})
        found: list[Any] = reply.body["data"]
        if not all(isinstance(each, dict) and id_of(each) for each in found):
            raise UnreadableError(Verdict.UNKNOWN, {"code": "object_without_id"})
        if found:
            yield found
        if not found or not reply.body.get("has_more"):
            return
        cursor = {"starting_after": found[-1]["id"]}
