"""notes: what staff write beside a payment. Append-only, signed, and never a card's number."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.database import atomic
from payments_app.payments.models import Transaction

MAX_LENGTH = 2000
# 13 to 19 digits (ISO/IEC 7812), as people write them: with spaces, dots or dashes between.
_DIGITS = re.compile(r"(?:\d[ .\-\u00a0]*){13,}")


@atomic
def add_note(session: Session, transaction_id: str, text: str, author: str) -> None:
    """Append a note by the staff member `author` (their id).

    Raises ValueError, in words for its author, for a note that can't be kept, and NoResultFound
    for an unknown transaction.
    """
    problem = _problem(text.strip())
    if problem:
        raise ValueError(problem)
    session.get_one(Transaction, transaction_id)
    history.record(
        session,
        "note",
        "staff.note",
        actor=author,
        transaction_id=transaction_id,
        text=text.strip(),
    )


def _problem(text: str) -> str | None:
    if not text:
        return "Write something first."
    if len(text) > MAX_LENGTH:
        return f"A note has at most {MAX_LENGTH} characters."
    if holds_card_number(text):
        return "This looks like a card number. Notes must not hold one: write the last four digits."
    return None


def holds_card_number(text: str) -> bool:
    """Whether any 13 to 19 digits in a row pass the check digit of a card."""
    for run in _DIGITS.findall(text):
        digits = re.sub(r"\D", "", run)
        for length in range(13, 20):
            for start in range(len(digits) - length + 1):
                if _luhn(digits[start : start + length]):
                    return True
    return False


def _luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    doubled = "0246813579"
    total = sum(
        int(doubled[int(digit)] if place % 2 else digit)
        for place, digit in enumerate(reversed(digits))
    )
    return total % 10 == 0
