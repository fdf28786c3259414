"""read_or_later: what Stripe has of refunds and disputes that it told us about."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from payments_app.core.jobs.command import Later
from payments_app.gateway.pages import in_time
from payments_app.gateway.results import UnreadableError, Verdict

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
MOST_SECONDS = 100.0  # of one list: a message may take 290, and some read two


def read_or_later(stripe_id: str, read: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What `read` finds at Stripe by this id; nothing where Stripe knows no such id.

    Raises Later while Stripe can't be read, or not within MOST_SECONDS.
    """
    try:
        with in_time(MOST_SECONDS):
            return read()
    except UnreadableError as error:
        if error.verdict != Verdict.INVALID:
            raise Later(RETRY_SECONDS, f"{stripe_id}: {error}") from error
        log.warning("Stripe knows no %s", stripe_id)
        return []
