"""sent: the messages whose mail or call this process has handed to somebody else's server, and
whose end the database has taken no word of yet. A full one takes a claim, and not how the work
ended: so such a message is done again, and nothing is to be sent a second time."""

from __future__ import annotations

from flask import current_app

from payments_app.core.jobs.command import Claim

_SENT = "sent_messages"


def is_sent(claim: Claim) -> bool:
    """Whether this process sent it already, by an earlier claim."""
    return claim.message_id in _sent()


def note_sent(claim: Claim) -> None:
    """The other server has taken it."""
    _sent().add(claim.message_id)


def forget_sent(claim: Claim) -> None:
    """The database knows it."""
    _sent().discard(claim.message_id)


def _sent() -> set[int]:
    found: set[int] = current_app.extensions.setdefault(_SENT, set())
    return found
