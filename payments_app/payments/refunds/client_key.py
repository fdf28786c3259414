"""client_key: what a refund at Stripe says of the key that asked for it, so that a database that
was restored from a backup answers a repeated request with the refund that it made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.columns import as_object
from payments_app.payments.refunds.models import Refund
from payments_app.payments.repeatable import hashed
from payments_app.payments.transactions.stripe_metadata import (
    is_sealed_fingerprint,
    sealed_fingerprint,
)

_KEY, _WISH = "client_key", "wish"


def told_key(refund: Refund) -> dict[str, str]:
    """The metadata of a refund that say it: hashes, which show neither the key nor the reason."""
    key = hashed(refund.idempotency_key)
    return {_KEY: key, _WISH: sealed_fingerprint(refund.reason)} if key else {}


def key_of(session: Session, body: dict[str, Any]) -> str | None:
    """The key that a refund of ours at Stripe names. One that asked for another refund since then
    stays with that."""
    named = as_object(body.get("metadata")).get(_KEY)
    key = hashed(named) if isinstance(named, str) else None
    if key is None:
        return None
    taken = select(Refund.id).where(Refund.idempotency_key == key)
    return key if session.scalar(taken) is None else None


def is_of(refund: Refund, reason: str) -> bool:
    """Whether it was asked for with this reason, which a restored one has only as Stripe holds
    it."""
    metadata = as_object(as_object(refund.stripe_data).get("metadata"))
    return refund.reason == reason or is_sealed_fingerprint(metadata.get(_WISH), reason)
