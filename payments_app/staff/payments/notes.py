"""notes: what staff write beside a payment. Append-only, signed, and never a card's number."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.free_text import free_text
from payments_app.payments.models import Transaction

MAX_LENGTH = 2000


@atomic
def add_note(session: Session, transaction_id: str, text: str, author: str) -> None:
    """Append a note by the staff member `author` (their id).

    Raises ValueError, in words for its author, for a note that can't be kept, and NoResultFound
    for an unknown transaction.
    """
    text = free_text(text, what="A note", most=MAX_LENGTH, if_empty="Enter a note.")
    session.get_one(Transaction, transaction_id)
    history.record(
        session,
        "note",
        "staff.note",
        actor=author,
        transaction_id=transaction_id,
        text=text,
    )
