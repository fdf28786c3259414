"""preview: what a change would do, and whether it may be made; nothing is stored.

The page that asks and the change itself ask here: with the subscription locked for the change.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from payments_app.core.language import Words
from payments_app.customers.find_cards import card_of
from payments_app.customers.models import SavedCard
from payments_app.subscriptions import effects
from payments_app.subscriptions.calendar import local_day, prorated
from payments_app.subscriptions.credit import WentBack, went_back
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.find import charged_to
from payments_app.subscriptions.models import Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.settlement import Settlement, settlement_of

IN_PAYMENT = Words("The next period is being charged. Try again later.")


class ChangeRefusedError(Exception):
    """This can't be changed so; the message is for the subscriber."""


@dataclass(frozen=True)
class PlanChange:
    """What another plan comes to: `difference` (minor units) goes on the next bill, for `left` of
    `days`."""

    lines: list[Line]
    difference: int
    back: WentBack
    left: int
    days: int


def plan_change(
    session: Session, subscription: Subscription, plan: Plan, now: dt.datetime
) -> PlanChange:
    """Going over to another plan. Raises ChangeRefusedError."""
    old = subscription.plan
    if subscription.status not in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE):
        raise ChangeRefusedError(Words("Pay the open bill first. Then you can change the plan."))
    if subscription.paused_at is not None:
        raise ChangeRefusedError(
            Words("Resume the subscription first. Then you can change the plan.")
        )
    if subscription.billed_until != subscription.current_end:
        raise ChangeRefusedError(IN_PAYMENT)
    if (plan.interval, plan.currency) != (old.interval, old.currency):
        raise ChangeRefusedError(Words("This plan has another billing period or currency."))
    back, difference = went_back(session, subscription), 0
    left, days = _days(subscription, now)
    if subscription.status != SubscriptionStatus.TRIALING:
        paid = max(0, old.amount - back.unreckoned)  # what went back is not given back again
        difference = prorated(plan.amount, left, days, plan.currency)
        difference -= prorated(paid, left, days, plan.currency)
    settlement = at_the_end(session, subscription, now, added=difference)
    lines = effects.plan_lines(subscription, plan, difference, _own(subscription), settlement)
    return PlanChange(lines, difference, back, left, days)


def ends_now(subscription: Subscription, now: dt.datetime, *, at_once: bool) -> bool:
    """Whether it ends now: what is not paid for (any more), or paused, does in any case."""
    is_over = subscription.current_end == subscription.billed_until <= local_day(now)
    return (
        at_once
        or is_over
        or subscription.display_status
        in (SubscriptionStatus.INCOMPLETE, SubscriptionStatus.PAST_DUE, "paused")
    )


def cancellation(
    session: Session, subscription: Subscription, now: dt.datetime, *, at_once: bool
) -> tuple[list[Line], Settlement]:
    """Ending it, now or when what is paid for is over. Raises ChangeRefusedError while it is not
    known yet until when it is paid for."""
    settlement = settlement_of(session, subscription, now)
    if ends_now(subscription, now, at_once=at_once):
        return effects.ended_lines(subscription, settlement, now), settlement
    if subscription.current_end not in {None, subscription.billed_until}:
        raise ChangeRefusedError(IN_PAYMENT)
    return effects.ending_lines(subscription, settlement, now), settlement


def at_the_end(
    session: Session, subscription: Subscription, now: dt.datetime, *, added: int = 0
) -> Settlement | None:
    """What the end will come to of one that is about to end, with so much `added` to its balance
    (minor units); None of one that goes on."""
    if not subscription.cancel_at_period_end:
        return None
    return settlement_of(session, subscription, now, added=added)


def removal(session: Session, card: SavedCard, now: dt.datetime) -> list[tuple[str, list[Line]]]:
    """Removing a card, of each subscription that is charged to it: its plan's name, and its
    lines."""
    found = [(one, at_the_end(session, one, now)) for one in charged_to(session, card)]
    return [
        (one.plan.name, effects.card_lines(one, None, settlement))
        for one, settlement in found
        if settlement is None or settlement.charged or one.status == SubscriptionStatus.PAST_DUE
    ]


def pause(subscription: Subscription) -> list[Line]:
    """Billing nothing from now on. Raises ChangeRefusedError."""
    if subscription.status not in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE):
        raise ChangeRefusedError(Words("Pay the open bill first. Then you can pause."))
    if subscription.cancel_at_period_end:
        raise ChangeRefusedError(Words("This subscription is about to end, so you can't pause it."))
    if subscription.billed_until != subscription.current_end:
        raise ChangeRefusedError(IN_PAYMENT)
    return effects.pause_lines(subscription)


def resumption(subscription: Subscription, now: dt.datetime) -> list[Line]:
    """Going on after a pause, or not ending after all. Raises ChangeRefusedError."""
    if subscription.status == SubscriptionStatus.CANCELED:
        raise ChangeRefusedError(Words("This subscription has ended. You can subscribe again."))
    return effects.resume_lines(subscription, now, _own(subscription))


def other_card(
    session: Session, subscription: Subscription, card_id: str, now: dt.datetime
) -> tuple[list[Line], SavedCard]:
    """Charging another of the subscriber's cards. Raises ChangeRefusedError."""
    card = card_of(session, subscription.customer_id, card_id)
    if card is None:
        raise ChangeRefusedError(Words("This saved card was removed. Use another card."))
    settlement = at_the_end(session, subscription, now)
    return effects.card_lines(subscription, card.words, settlement), card


def _own(subscription: Subscription) -> str | None:
    card = subscription.own_card
    return card.words if card else None


def _days(subscription: Subscription, now: dt.datetime) -> tuple[int, int]:
    """How many days are left of the period that is paid for, and how many it has."""
    start, end = subscription.current_start, subscription.current_end
    if start is None or end is None:
        return 0, 1
    days = (end - start).days
    return min(days, max(0, (end - local_day(now)).days)), days
