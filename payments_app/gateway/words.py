"""Stripe's own words (a status, a reason, a type), as they are kept and shown.

Stripe adds words whenever it likes. One that we do not know is kept and shown as it is, told to a
person, and decides nothing.
Source: https://docs.stripe.com/upgrades (what Stripe calls a backward-compatible change)
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.card_numbers import mask

_CODES = ("type", "code", "decline_code", "advice_code", "param")
_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"  # within an amount in words
SHOWN = 40  # characters of a word that is not ours


def known(value: Any, words: Container[str]) -> str | None:
    """`value` where it is one of `words`, else None."""
    return value if isinstance(value, str) and value in words else None


def word(value: Any, most: int = SHOWN) -> str | None:
    """A word as a column of `most` characters can keep it: shortened, and without what does not
    print or is a card's number; None where Stripe gave none."""
    if value is None or value == "":
        return None
    said = mask(str(value))
    text = "".join(
        c if c.isprintable() or c in _SPACES else "\N{REPLACEMENT CHARACTER}" for c in said
    )
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def sentence(value: Any) -> str | None:
    """What somebody wrote at Stripe, as we keep and show it: without a card's number; None for
    what is no text, or an empty one."""
    return mask(value) if isinstance(value, str) and value else None


def in_words(error: Mapping[str, Any]) -> dict[str, Any]:
    """An error body whose words are texts, whatever Stripe sends: codes are looked for in tables,
    and a list can be in none."""
    odd = {name: error[name] for name in _CODES if not isinstance(error.get(name, ""), str | None)}
    said = {**error, **{name: word(value, 100) for name, value in odd.items()}}
    if not isinstance(said.get("message", ""), str | None):
        said["message"] = None
    return said


def describe_unknown(value: Any) -> str:
    """What people read of a word that we do not know: `Stripe says: xyz`."""
    said = word(value)
    return f"Stripe says: {said}" if said else "Stripe says nothing"


def alert_unknown_word(session: Session, subject: str, field: str, value: Any, **data: Any) -> None:
    """Tell a person, in the caller's transaction, of a word that we do not know in a `field` of
    this subject; once while that alert is open."""
    alerts.raise_alert(
        session,
        "stripe_word",
        f"stripe_word:{subject}",
        f"{subject}: we do not know this {field}. {describe_unknown(value)}. It decided nothing, "
        "and is read again: look it up in Stripe's Dashboard",
        **data,
    )
