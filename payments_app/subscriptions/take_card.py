"""take_card: the card that was entered for a subscription is charged from now on."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.history import HistoryEntry
from payments_app.customers.cards import keep_card
from payments_app.customers.models import SavedCard
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt
from payments_app.subscriptions.card_change import CardChange
from payments_app.subscriptions.lock import lock
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period

CARD = "subscription.card"


def take_card(session: Session, change_id: str, now: dt.datetime) -> None:
    """The card that was entered for a subscription is charged from now on, and its open bill with
    it soon; once, so that a message that comes again takes no later card away."""
    paid = active_attempt(session, CardChange.payable_type, change_id)
    if paid is None or paid.state != State.COMPLETE:
        return
    subscription = lock(session, session.get_one(CardChange, change_id).subscription_id)
    before = select(HistoryEntry.data).where(
        HistoryEntry.subject == subscription.id, HistoryEntry.what == CARD
    )
    if any(data.get("change") == change_id for data in session.scalars(before)):
        return
    card = keep_card(session, paid.id)
    ended = subscription.status == SubscriptionStatus.CANCELED
    if card is None or ended or not replaces_card(subscription, card):
        return
    subscription.card_id = card.id
    for period in session.scalars(
        select(Period).where(
            Period.subscription_id == subscription.id, Period.next_try_at.is_not(None)
        )
    ):
        period.next_try_at = now
    history.record(
        session,
        "system",
        CARD,
        transaction_id=paid.id,
        subject=subscription.id,
        change=change_id,
        last4=card.last4,
    )


def replaces_card(subscription: Subscription, card: SavedCard) -> bool:
    """Whether the next bills go on the card that this one was paid with: not on that of whoever
    paid another's bill, nor, in place of the subscriber's own, on one of an unproved buyer."""
    if card.customer_id != subscription.customer_id:
        return False
    return card.joined_at is not None or subscription.own_card is None
