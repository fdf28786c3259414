"""check: somebody looks, or comes back from the bank: ask Stripe soon. No page ever does itself."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

CHECK = "check"
LOOK_SECONDS = 15  # however many look at what is unclear
BACK_SECONDS = 3  # the bank may have decided since it was last asked
_WORTH_ASKING = (Phase.UNKNOWN, Phase.AWAITING_BANK, Phase.REQUIRES_ACTION)


@atomic
def request_check(session: Session, transaction_id: str, *, back: bool = False) -> bool:
    """Stage a look-up of this transaction: once in LOOK_SECONDS where somebody looks, twice in
    BACK_SECONDS at most where the buyer is `back` from the bank.

    Returns whether one more is under way now. An unknown id is no error: there is nothing to ask.
    """
    transaction = session.get(Transaction, transaction_id)
    if transaction is None or transaction.phase not in _WORTH_ASKING:
        return False
    if back:
        return outbox.stage_every(session, BACK_SECONDS, CHECK, transaction_id)
    window = int(time.time() // LOOK_SECONDS)
    return outbox.stage(session, CHECK, transaction_id, key=f"{CHECK}:{transaction_id}:{window}")
