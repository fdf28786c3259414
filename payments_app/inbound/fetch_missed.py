"""fetch_missed: take in what Stripe could not deliver, as if it had come by itself."""

from __future__ import annotations

import time
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.gateway import events
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.inbound.kinds import HANDLINGS
from payments_app.inbound.models import StripeEvent
from payments_app.inbound.receive import receive
from payments_app.merchants.models import ConnectedAccount
from payments_app.merchants.refresh_account import stage_refresh

_AT_ONCE = 500


def fetch_missed() -> Counter[str]:
    """Receive every undelivered event of the last 30 days, oldest first; count new, late and
    duplicate ones. Safe to run at any time: each event is stored once.

    Ours, and those of each merchant connected to us. Raises UnreadableError while Stripe does not
    answer; where it does not for one merchant's account alone, once those of all others are
    received. What was answered and lost all the same is found by reconciliation, not here.
    """
    missed, unread = list(events.undelivered(list(HANDLINGS), time.time())), []
    for account in _accounts():
        try:
            missed += _missed_of(account)
        except UnreadableError as error:
            unread.append(error)
    counts = _receive(missed)
    if unread:
        raise unread[0]
    return counts


def _receive(missed: list[events.Event]) -> Counter[str]:
    missed.sort(key=lambda event: event.created, reverse=True)
    known = _known([event.id for event in missed])
    # Stripe goes on listing what we fetched: to receive it again would only fill the history.
    counts = Counter(receive(event) for event in reversed(missed) if event.id not in known)
    counts["duplicate"] += len(known)
    return counts


def _missed_of(account: str) -> list[events.Event]:
    """What a merchant's account never told. One that no longer lets us ask is read again."""
    try:
        return list(events.undelivered(list(HANDLINGS), time.time(), account))
    except UnreadableError as error:
        if error.verdict != Verdict.MISCONFIGURED:
            raise
        _refresh(account)
        return []


@atomic
def _refresh(session: Session, account: str) -> None:
    stage_refresh(session, account)


@atomic
def _accounts(session: Session) -> list[str]:
    """The connected accounts that still let us ask: each keeps its own events."""
    connected = select(ConnectedAccount.stripe_account_id).where(
        ConnectedAccount.stripe_account_id.is_not(None),
        ConnectedAccount.deauthorized_at.is_(None),
    )
    return [account for account in session.scalars(connected) if account]


@atomic
def _known(session: Session, ids: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = StripeEvent.id.in_(ids[start : start + _AT_ONCE])
        known |= set(session.scalars(select(StripeEvent.id).where(some)))
    return known
