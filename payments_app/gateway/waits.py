"""waits: how soon a call that Stripe refused before anything happened is made again."""

from __future__ import annotations

from payments_app.gateway.results import Answer

RETRIES = (1.0, 2.0, 5.0)  # seconds; after the last, Stripe is no longer merely busy


def used_up(tries: int) -> bool:
    """Whether a call was made again as often as it is worth while Stripe is merely busy."""
    return tries >= len(RETRIES)


def next_try(answer: Answer, tries: int, *, then: float) -> float:
    """Seconds until the call is made again with its key, `tries` times after it was first put off:
    `then` once the retries are used up, and never sooner than Stripe said."""
    seconds = then if used_up(tries) else RETRIES[tries]
    return max(seconds, answer.retry_after or 0)
