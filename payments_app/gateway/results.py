"""What a call to Stripe came to, as plain data: no object of the SDK leaves this package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Answers sorted by what to do next."""

    SUCCEEDED = "succeeded"  # the money moved
    PROCESSING = "processing"  # the bank takes its time
    REQUIRES_ACTION = "requires_action"  # the bank asks the buyer
    OPEN = "open"  # the intent stands, and nothing was charged
    DECLINED = "declined"  # final: no money moved
    CANCELED = "canceled"  # final: the intent can never succeed any more
    INVALID = "invalid"  # our request was refused for good; nothing moved
    MOVED_ON = "moved_on"  # the intent is in another state than we thought: read it again
    LATER = "later"  # refused before anything happened: same key, later
    UNKNOWN = "unknown"  # sent, and the answer was lost or made no sense
    MISCONFIGURED = "misconfigured"  # 401, 403: our fault, nobody's payment


@dataclass(frozen=True)
class Answer:
    """One call and its answer. `intent` and `error` are Stripe's own JSON without secrets;
    `retry_after` in seconds, where Stripe named a time."""

    call: str
    verdict: Verdict
    intent: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    client_secret: str | None = None
    request_id: str | None = None
    milliseconds: int = 0
    http_status: int | None = None
    replayed: bool = False
    retry_after: float | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The intent. Raises LookupError where the answer held none."""
        if self.intent is None:
            raise LookupError(f"{self.call} answered no intent")
        return self.intent

    @property
    def error_type(self) -> str | None:
        """The error's type, in the words of the API or ours."""
        return (self.error or {}).get("type")

    @property
    def error_code(self) -> str | None:
        """`code`, else `type`."""
        return (self.error or {}).get("code") or self.error_type

    def as_history(self) -> dict[str, Any]:
        """What the timeline keeps of this call."""
        error = self.error or {}
        return {
            "verdict": str(self.verdict),
            "request_id": self.request_id,
            "milliseconds": self.milliseconds,
            "http_status": self.http_status,
            "replayed": self.replayed or None,
            "intent_status": (self.intent or {}).get("status"),
            "error_type": error.get("type"),
            "error_code": error.get("code"),
            "decline_code": error.get("decline_code"),
            "message": error.get("message"),
        }


def unclear(answer: Answer) -> Answer:
    """The same answer, of which nothing may be concluded."""
    return replace(answer, verdict=Verdict.UNKNOWN)
