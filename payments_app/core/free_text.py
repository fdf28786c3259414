"""What staff and merchants write in their own words, as it may be kept."""

from __future__ import annotations

from payments_app.core.card_numbers import refuse


def free_text(typed: str, *, what: str, most: int, if_empty: str) -> str:
    """The text without the space around it, with line ends of one kind.

    Raises ValueError with a sentence for its author: `if_empty` where there is none, and where it
    has more than `most` characters or holds a card's number. `what` begins the sentence.
    """
    text = as_kept(typed)
    if not text:
        raise ValueError(if_empty)
    if len(text) > most:
        raise ValueError(f"{what} has at most {most} characters.")
    refuse(text)
    return text


def as_kept(typed: str) -> str:
    """The text without the space around it, with line ends of one kind."""
    return typed.replace("\r\n", "\n").strip()
