"""fetch_missed: take in what Stripe could not deliver, as if it had come by itself."""

from __future__ import annotations

import time
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.database import atomic
from payments_app.gateway import events
from payments_app.inbound.kinds import HANDLINGS
from payments_app.inbound.models import StripeEvent
from payments_app.inbound.receive import receive

_AT_ONCE = 500


def fetch_missed() -> Counter[str]:
    """Receive every undelivered event of the last 30 days, oldest first; count new, late and
    duplicate ones. Safe to run at any time: each event is stored once.

    Raises UnreadableError while Stripe does not answer. What was answered and lost all the
    same is found by reconciliation, not here.
    """
    missed = list(events.undelivered(list(HANDLINGS), time.time()))
    known = _known([event.id for event in missed])
    # Stripe goes on listing what we fetched: to receive it again would only fill the history.
    counts = Counter(receive(event) for event in reversed(missed) if event.id not in known)
    counts["duplicate"] += len(known)
    return counts


@atomic
def _known(session: Session, ids: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = StripeEvent.id.in_(ids[start : start + _AT_ONCE])
        known |= set(session.scalars(select(StripeEvent.id).where(some)))
    return known
