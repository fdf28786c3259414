"""change: what a subscriber may do: another plan, another card, a pause, the end, or not the end.

Staff may pause and end as well: `actor` is a staff member's id then.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.customers.cards import card_of
from payments_app.subscriptions import dunning
from payments_app.subscriptions.calendar import local_day, prorated
from payments_app.subscriptions.credit import PLAN_CHANGED, went_back
from payments_app.subscriptions.models import Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.on_payment import lock
from payments_app.subscriptions.renew import begin_anew

BUYER = "buyer"
IN_PAYMENT = "The next period is being charged. Try again later."


class ChangeRefusedError(Exception):
    """This can't be changed so; the message is for the subscriber."""


@atomic
def change_plan(session: Session, subscription_id: str, plan_id: int, now: dt.datetime) -> int:
    """Go over to another plan of the same interval and currency. What is left of a period that is
    paid for is given back, less what went back of it already, and charged anew at the other price,
    to the day: the difference goes on the next bill. Returns it, in minor units. Raises
    ChangeRefusedError.
    """
    subscription, plan = lock(session, subscription_id), session.get_one(Plan, plan_id)
    old = subscription.plan
    if subscription.status not in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE):
        raise ChangeRefusedError("Pay the open bill first. Then you can change the plan.")
    if subscription.paused_at is not None:
        raise ChangeRefusedError("Resume the subscription first. Then you can change the plan.")
    if subscription.billed_until != subscription.current_end:
        raise ChangeRefusedError(IN_PAYMENT)
    if (plan.interval, plan.currency) != (old.interval, old.currency):
        raise ChangeRefusedError("This plan has another billing period or currency.")
    _unset_unverified_card(session, subscription, BUYER)
    back, difference = went_back(session, subscription), 0
    left, days = _days(subscription, now)
    if subscription.status != SubscriptionStatus.TRIALING:
        paid = max(0, old.amount - back.unreckoned)  # what went back is not given back again
        difference = prorated(plan.amount, left, days, plan.currency)
        difference -= prorated(paid, left, days, plan.currency)
    subscription.plan = plan
    subscription.balance += difference
    _record(
        session,
        PLAN_CHANGED,
        subscription,
        BUYER,
        old=old.slug,
        new=plan.slug,
        difference=difference,
        period=back.period_id,
        refunded=back.unreckoned,
        worth=old.amount,
        left=left,
        days=days,
    )
    return difference


@atomic
def cancel(
    session: Session,
    subscription_id: str,
    now: dt.datetime,
    *,
    at_once: bool,
    actor: str = BUYER,
) -> None:
    """End it now, or when what is paid for is over. What is not paid for, or paused, ends now in
    any case."""
    subscription = lock(session, subscription_id)
    if subscription.status == SubscriptionStatus.CANCELED:
        return
    if at_once or subscription.display_status in (
        SubscriptionStatus.INCOMPLETE,
        SubscriptionStatus.PAST_DUE,
        "paused",
    ):
        dunning.end(session, subscription, now, "asked for", actor=actor, kind=_kind(actor))
    elif not subscription.cancel_at_period_end:
        subscription.cancel_at_period_end = True
        _record(session, "subscription.ending", subscription, actor)


@atomic
def pause(session: Session, subscription_id: str, now: dt.datetime, *, actor: str = BUYER) -> None:
    """Bill nothing from now on. What is paid for stays paid for. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    if subscription.display_status == "paused":
        return
    if subscription.status not in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE):
        raise ChangeRefusedError("Pay the open bill first. Then you can pause.")
    if subscription.cancel_at_period_end:
        raise ChangeRefusedError("This subscription is about to end, so you can't pause it.")
    if subscription.billed_until != subscription.current_end:
        raise ChangeRefusedError(IN_PAYMENT)
    subscription.paused_at = now
    _record(session, "subscription.paused", subscription, actor)


@atomic
def resume(session: Session, subscription_id: str, now: dt.datetime, *, actor: str = BUYER) -> None:
    """Go on after a pause, or do not end it after all. Where what was paid for is over, a new
    period begins today and is billed at once. Staff can't tell who asks them: the card of somebody
    who did not prove the address is left by whoever resumes it. Raises ChangeRefusedError where it
    has ended."""
    subscription = lock(session, subscription_id)
    if subscription.status == SubscriptionStatus.CANCELED:
        raise ChangeRefusedError("This subscription has ended. You can subscribe again.")
    if subscription.paused_at is not None:
        subscription.paused_at = None
        begin_anew(session, subscription, now)
    elif subscription.cancel_at_period_end:
        subscription.cancel_at_period_end = False
    else:
        return
    _unset_unverified_card(session, subscription, actor)
    _record(session, "subscription.resumed", subscription, actor)


@atomic
def use_card(session: Session, subscription_id: str, card_id: str) -> None:
    """Charge another of the subscriber's saved cards from now on. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    card = card_of(session, subscription.customer_id, card_id)
    if card is None:
        raise ChangeRefusedError("This saved card was removed. Use another card.")
    subscription.card_id = card.id
    _record(session, "subscription.card", subscription, BUYER, last4=card.last4)


def _unset_unverified_card(session: Session, subscription: Subscription, actor: str) -> None:
    """Whoever wants more of a subscription pays it with a card of their own. One that somebody kept
    under their address without proving it was to be charged for what they chose, and is left; the
    next bill comes with a link to pay it."""
    if subscription.usable_card is not None and subscription.own_card is None:
        subscription.card_id = None
        _record(session, "subscription.card_left", subscription, actor)


def _record(
    session: Session, what: str, subscription: Subscription, actor: str, **data: Any
) -> None:
    history.record(session, _kind(actor), what, actor=actor, subject=subscription.id, **data)


def _kind(actor: str) -> str:
    """What staff did is in the audit."""
    return "system" if actor == BUYER else "staff"


def _days(subscription: Subscription, now: dt.datetime) -> tuple[int, int]:
    """How many days are left of the period that is paid for, and how many it has."""
    start, end = subscription.current_start, subscription.current_end
    if start is None or end is None:
        return 0, 1
    days = (end - start).days
    return min(days, max(0, (end - local_day(now)).days)), days
