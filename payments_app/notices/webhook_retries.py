"""When a merchant's endpoint is called again: by what went wrong, eight times at most."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from payments_app.core.jobs.command import Policy

RETRIES = 8
QUICKLY = 5.0
LONGEST_WISH = 3600.0


class DeliveryError(Exception):
    """The endpoint did not take the event, for a reason that time does not mend: another status,
    a redirect, a certificate or an address that is refused, an answer that is not HTTP."""


class TimedOutError(DeliveryError):
    """No answer in time: it may have taken the event."""


class UnreachableError(DeliveryError):
    """Refused or broken connection, unknown host, or a 5xx."""


class RateLimitedError(DeliveryError):
    """429. `seconds` as its Retry-After wished, if it did."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("429 too many requests")
        self.seconds = seconds


class WebhookPolicy(Policy):
    """With n failures before this one: a time-out waits n^2 + 15 s, an endpoint that can't be
    reached n^3 + 60 s, a rate limit a moment or as long as it wishes, and anything unknown is
    dead at once. What fails on our own side (the database) is no fault of theirs: it waits as any
    message does, also after failures of theirs, which are counted together with it.
    """

    def wait(self, failures: int, error: BaseException) -> float | None:
        if isinstance(error, SQLAlchemyError):
            return super().wait(max(0, failures - RETRIES), error)
        if failures >= RETRIES:
            return None
        if isinstance(error, TimedOutError):
            return failures**2 + 15.0
        if isinstance(error, UnreachableError):
            return failures**3 + 60.0
        if isinstance(error, RateLimitedError):
            return QUICKLY if error.seconds is None else min(error.seconds, LONGEST_WISH)
        return None


POLICY = WebhookPolicy()
