"""Whether a page or a mail says a word, other than by chance in a random id."""

from __future__ import annotations

import re


def says(text: str, word: str) -> bool:
    """`word` stands there, with no letter or digit beside it: "4242" of a card, not of a token."""
    return re.search(rf"(?<![A-Za-z0-9_-]){re.escape(word)}(?![A-Za-z0-9_-])", text) is not None
