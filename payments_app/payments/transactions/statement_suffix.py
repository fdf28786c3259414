"""statement_suffix: what a card's statement says of a payment."""

from __future__ import annotations

import unicodedata

# With at most ten characters of our account's own name and "* " between: 22.
SUFFIX_LENGTH = 10


def statement_suffix(description: str) -> str | None:
    """What a card's statement says behind our name, so that its owner knows the charge: an order's
    number, which follows a #, or else the words with which the description begins; a part of the
    first one only where that alone is too long. Latin characters, one letter at least, none of
    <>\\'"*. None where nothing is left.

    Source: https://docs.stripe.com/get-started/account/statement-descriptors
    """
    latin = unicodedata.normalize("NFKD", description).encode("ascii", "ignore").decode()
    told = latin.rpartition("#")[2]
    words = " ".join("".join(c for c in told if c not in "<>\\'\"*").split())
    whole = f"{words} "[: SUFFIX_LENGTH + 1].rpartition(" ")[0]
    cut = (whole, words[:SUFFIX_LENGTH].strip())
    return next((each for each in cut if any(c.isalpha() for c in each)), None)
