"""keys: which transaction a client's idempotency key made, and for whom.

A key counts for its caller: a browser by its cookie, or (None) all who name nobody. A browser's
first answer gives it its name, and may be lost after that, so that the same purchase made without a
name answers a caller with one. Anybody else's key is as if it had never been used.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.checkout.forms import Purchase
from payments_app.core.language import Words
from payments_app.core.web.http import ProblemError
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.stripe_metadata import is_sealed_fingerprint

SCOPE = "checkout"


def row_key(key: str, caller: str | None) -> str:
    """What the row keeps of a key and its caller: a hash, which shows neither of them."""
    scoped = json.dumps([caller, key]).encode()
    return f"{SCOPE}-{hashlib.sha256(scoped).hexdigest()}"


def made_before(session: Session, purchase: Purchase, caller: str | None) -> Transaction | None:
    """The transaction that answers this purchase of this caller, because its key made it.

    Raises ProblemError 422 `idempotency_key_reuse` where the caller made another one with it.
    """
    own = row_key(purchase.key, caller)
    for found in named_by(session, purchase.key, caller):
        same = purchase.fingerprint
        if found.fingerprint == same or is_sealed_fingerprint(found.fingerprint, same):
            return found
        if found.idempotency_key == own or (caller is not None and found.buyer == caller):
            raise ProblemError(
                422,
                "idempotency_key_reuse",
                Words("This Idempotency-Key was used for another purchase. Send a new key."),
            )
    return None


def named_by(session: Session, key: str, caller: str | None) -> list[Transaction]:
    """What a key may mean to a caller: their own; what was made without a name; a row of before
    keys had a scope, which does not tell whether it was."""
    stored = [row_key(key, caller), row_key(key, None), f"{SCOPE}:{key}"]
    found = session.scalars(select(Transaction).where(Transaction.idempotency_key.in_(stored)))
    return sorted(found, key=lambda one: stored.index(one.idempotency_key or ""))


def is_used(session: Session, key: str, caller: str) -> bool:
    """Whether this caller made something with this key."""
    mine = select(Transaction.id).where(Transaction.idempotency_key == row_key(key, caller))
    return session.scalar(mine) is not None
