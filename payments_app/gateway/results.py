"""What a call to Stripe came to, as plain data: no object of the SDK leaves this package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Answers sorted by what to do next."""

    ANSWERED = "answered"  # no intent was asked for: what it came to stands in its own status
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
    MISCONFIGURED = "misconfigured"  # 401, 403, some 400s: our fault, nobody's payment


# Refused here, before anything was sent: no call was made.
BREAKER_OPEN = "breaker_open"
THROTTLED = "throttled"


class UnreadableError(RuntimeError):
    """Stripe did not say what was asked: nothing is known of it."""

    def __init__(self, verdict: Verdict, error: dict[str, Any]) -> None:
        super().__init__(f"{verdict}: {error.get('code') or error.get('type')}")
        self.verdict, self.error = verdict, error


@dataclass(frozen=True)
class Answer:
    """One call and its answer. `body` is the object, None where Stripe gave none (ANSWERED without
    one: it has none); of an intent it stands beside an error too. `body` and `error` are Stripe's
    own JSON without secrets; `retry_after` in seconds, where a time was named."""

    call: str
    verdict: Verdict
    body: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    client_secret: str | None = None
    request_id: str | None = None
    milliseconds: int = 0
    http_status: int | None = None
    replayed: bool = False
    retry_after: float | None = None

    def expect_body(self) -> dict[str, Any]:
        """The object. Raises UnreadableError where the answer holds none."""
        if self.body is None:
            raise UnreadableError(self.verdict, self.error or {})
        return self.body

    @property
    def was_read(self) -> bool:
        """Whether the object itself was answered, and not inside an error."""
        return self.body is not None and self.http_status == 200

    @property
    def reached(self) -> bool:
        """Whether Stripe answered the call, be it with a refusal."""
        return self.http_status is not None and self.http_status < 500

    @property
    def throttled(self) -> bool:
        """Whether our own bucket had no turn for the call: it is made later, and fails nobody."""
        return self.error_type == THROTTLED

    @property
    def was_made(self) -> bool:
        """Whether the call was made at all, and not refused here."""
        return self.error_code not in (BREAKER_OPEN, THROTTLED)

    @property
    def refused(self) -> bool:
        """Whether Stripe refused the request itself (400): nothing was done by it."""
        definite = self.verdict in (Verdict.INVALID, Verdict.MISCONFIGURED)
        return definite and self.http_status == 400

    @property
    def error_type(self) -> str | None:
        """The error's type, in the words of the API or ours."""
        return (self.error or {}).get("type")

    @property
    def error_code(self) -> str | None:
        """`code`, else `type`."""
        return (self.error or {}).get("code") or self.error_type

    @property
    def words(self) -> str | None:
        """What went wrong, as a person is told it: the error's message, else its code."""
        return (self.error or {}).get("message") or self.error_code

    def as_history(self) -> dict[str, Any]:
        """What the timeline keeps of this call."""
        error = self.error or {}
        return {
            "verdict": str(self.verdict),
            "request_id": self.request_id,
            "milliseconds": self.milliseconds,
            "http_status": self.http_status,
            "replayed": self.replayed or None,
            "status": (self.body or {}).get("status"),
            "error_type": error.get("type"),
            "error_code": error.get("code"),
            "decline_code": error.get("decline_code"),
            "message": error.get("message"),
        }


def unclear(answer: Answer) -> Answer:
    """The same answer, of which nothing may be concluded."""
    return replace(answer, verdict=Verdict.UNKNOWN)
