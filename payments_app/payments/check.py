"""check: somebody looks, or comes back from the bank: ask Stripe soon. No page ever does itself."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from payments_app.core import outbox
from payments_app.core.database import atomic
from payments_app.payments.models import Transaction

EVERY_SECONDS = 15
_WORTH_ASKING = ("unknown", "awaiting_bank", "requires_action")


@atomic
def request_check(session: Session, transaction_id: str) -> bool:
    """Ring for a look-up of this transaction, every EVERY_SECONDS at most.

    Returns whether one is under way now. An unknown id is no error: there is nothing to ask.
    """
    transaction = session.get(Transaction, transaction_id)
    if transaction is None or transaction.phase not in _WORTH_ASKING:
        return False
    window = int(time.time() // EVERY_SECONDS)
    return outbox.stage(session, "check", transaction_id, key=f"check:{transaction_id}:{window}")
