"""topics: the events that a merchant's endpoint can ask for. `notices/announce.py` sends them."""

from __future__ import annotations

from collections.abc import Iterable

TOPICS = (
    "payment_captured",
    "payment_failed",
    "refund_succeeded",
    "refund_failed",
    "consent_ended",
)


class UnknownTopicError(ValueError):
    """No topic was chosen, or one that is none; its words say which."""


def chosen(names: Iterable[str]) -> list[str] | None:
    """What an endpoint stores; None for all, those that are added later included.

    Raises UnknownTopicError.
    """
    named = set(names)
    unknown = sorted(named - set(TOPICS))
    if unknown:
        raise UnknownTopicError(f"{unknown[0]!r} is no event. Events: {', '.join(TOPICS)}")
    if not named:
        raise UnknownTopicError("Choose at least one event")
    return None if named == set(TOPICS) else [topic for topic in TOPICS if topic in named]
