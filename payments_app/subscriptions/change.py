"""change: what a subscriber may do: another plan, another card, the end of it, or not the end."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.database import atomic
from payments_app.customers.cards import card_of
from payments_app.subscriptions import dunning
from payments_app.subscriptions.calendar import local_day, prorated
from payments_app.subscriptions.follow import lock
from payments_app.subscriptions.models import Plan, Subscription


class ChangeRefusedError(Exception):
    """This can't be changed so; the message is for the subscriber."""


@atomic
def change_plan(session: Session, subscription_id: str, plan_id: int, now: dt.datetime) -> int:
    """Go over to another plan of the same interval and currency. What is left of a period that is
    paid for is given back, and charged anew at the other price, to the day: the difference goes on
    the next bill. Returns it, in minor units. Raises ChangeRefusedError.
    """
    subscription, plan = lock(session, subscription_id), session.get_one(Plan, plan_id)
    old = subscription.plan
    if subscription.status not in ("trialing", "active"):
        raise ChangeRefusedError("The plan can be changed once what is due is paid.")
    if subscription.billed_until != subscription.current_end:
        raise ChangeRefusedError("The next period is being paid just now. Try again later.")
    if (plan.interval, plan.currency) != (old.interval, old.currency):
        raise ChangeRefusedError("This plan is paid for in another rhythm or currency.")
    difference = 0 if subscription.status == "trialing" else _difference(subscription, plan, now)
    subscription.plan = plan
    subscription.balance += difference
    history.record(
        session,
        "system",
        "subscription.plan_changed",
        subject=subscription_id,
        old=old.slug,
        new=plan.slug,
        difference=difference,
    )
    return difference


@atomic
def cancel(session: Session, subscription_id: str, now: dt.datetime, *, at_once: bool) -> None:
    """End it now, or when what is paid for is over. What is not paid for ends now in any case."""
    subscription = lock(session, subscription_id)
    if subscription.status == "canceled":
        return
    if at_once or subscription.status in ("incomplete", "past_due"):
        dunning.end(session, subscription, now, "asked for")
    elif not subscription.cancel_at_period_end:
        subscription.cancel_at_period_end = True
        history.record(session, "system", "subscription.ending", subject=subscription_id)


@atomic
def resume(session: Session, subscription_id: str) -> None:
    """Do not end it after all. Raises ChangeRefusedError where it has ended."""
    subscription = lock(session, subscription_id)
    if subscription.status == "canceled":
        raise ChangeRefusedError("This subscription has ended. You can subscribe again.")
    if subscription.cancel_at_period_end:
        subscription.cancel_at_period_end = False
        history.record(session, "system", "subscription.resumed", subject=subscription_id)


@atomic
def use_card(session: Session, subscription_id: str, card_id: str) -> None:
    """Charge another of the subscriber's saved cards from now on. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    card = card_of(session, subscription.customer_id, card_id)
    if card is None:
        raise ChangeRefusedError("This saved card is not there any more. Use another.")
    subscription.card_id = card.id
    history.record(
        session, "system", "subscription.card", subject=subscription_id, last4=card.last4
    )


def _difference(subscription: Subscription, plan: Plan, now: dt.datetime) -> int:
    start, end = subscription.current_start, subscription.current_end
    if start is None or end is None:
        return 0
    days, left = (end - start).days, max(0, (end - local_day(now)).days)
    left = min(left, days)
    given_back = prorated(subscription.plan.amount, left, days, plan.currency)
    return prorated(plan.amount, left, days, plan.currency) - given_back
