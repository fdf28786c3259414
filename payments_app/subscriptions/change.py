"""change: what a subscriber may do: another plan, another card, a pause, the end, or not the end.

Staff may pause and end as well: `actor` is a staff member's id then. `seal` names the lines that
the subscriber read before (effects.py): where they are others by now, nothing is changed.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.language import Words
from payments_app.payments.queries import active_attempt
from payments_app.subscriptions import dunning, preview
from payments_app.subscriptions.card_change import CardChange
from payments_app.subscriptions.credit import PLAN_CHANGED
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.effects import seal_of
from payments_app.subscriptions.lock import lock
from payments_app.subscriptions.models import Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.preview import ChangeRefusedError
from payments_app.subscriptions.renew import begin_anew
from payments_app.subscriptions.settlement import ASKED, lock_payments
from payments_app.subscriptions.take_card import CARD
from payments_app.subscriptions.tell import record_and_tell

BUYER = "buyer"


class EffectChangedError(ChangeRefusedError):
    """What was read before is not what it comes to now."""


@atomic
def change_plan(
    session: Session,
    subscription_id: str,
    plan_id: int,
    now: dt.datetime,
    *,
    seal: str | None = None,
) -> int:
    """Go over to another plan of the same interval and currency. What is left of a period that is
    paid for is given back, less what went back of it already, and charged anew at the other price,
    to the day: the difference goes on the next bill. Returns it, in minor units. Raises
    ChangeRefusedError.
    """
    subscription, plan = lock(session, subscription_id), session.get_one(Plan, plan_id)
    old, change = subscription.plan, preview.plan_change(session, subscription, plan, now)
    _compare(change.lines, seal)
    _unset_unverified_card(session, subscription, BUYER)
    subscription.plan = plan
    subscription.balance += change.difference
    _tell(
        session,
        PLAN_CHANGED,
        subscription,
        BUYER,
        change.lines,
        old=old.slug,
        new=plan.slug,
        difference=change.difference,
        period=change.back.period_id,
        refunded=change.back.unreckoned,
        worth=old.amount,
        left=change.left,
        days=change.days,
    )
    return change.difference


@atomic
def cancel(
    session: Session,
    subscription_id: str,
    now: dt.datetime,
    *,
    at_once: bool,
    actor: str = BUYER,
    seal: str | None = None,
) -> None:
    """End it now, or when what is paid for is over. What is not paid for, or paused, ends now in
    any case. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    if subscription.status == SubscriptionStatus.CANCELED:
        return
    now_ends = preview.ends_now(subscription, now, at_once=at_once)
    if subscription.cancel_at_period_end and not now_ends:
        return
    lock_payments(session, subscription)
    lines, settlement = preview.cancellation(session, subscription, now, at_once=at_once)
    _compare(lines, seal)
    if now_ends:
        dunning.end(
            session,
            subscription,
            now,
            ASKED,
            settlement=settlement,
            actor=actor,
            kind=_kind(actor),
        )
    else:
        subscription.cancel_at_period_end = True
        _tell(session, "subscription.ending", subscription, actor, lines)


@atomic
def pause(
    session: Session,
    subscription_id: str,
    now: dt.datetime,
    *,
    actor: str = BUYER,
    seal: str | None = None,
) -> None:
    """Bill nothing from now on. What is paid for stays paid for. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    if subscription.display_status == "paused":
        return
    lines = preview.pause(subscription)
    _compare(lines, seal)
    subscription.paused_at = now
    _tell(session, "subscription.paused", subscription, actor, lines)


@atomic
def resume(
    session: Session,
    subscription_id: str,
    now: dt.datetime,
    *,
    actor: str = BUYER,
    seal: str | None = None,
) -> None:
    """Go on after a pause, or do not end it after all. Where what was paid for is over, a new
    period begins today and is billed at once. Staff can't tell who asks them: the card of somebody
    who did not prove the address is left by whoever resumes it. Raises ChangeRefusedError where it
    has ended."""
    subscription = lock(session, subscription_id)
    lines = preview.resumption(subscription, now)
    if subscription.paused_at is None and not subscription.cancel_at_period_end:
        return
    _compare(lines, seal)
    if subscription.paused_at is not None:
        subscription.paused_at = None
        begin_anew(session, subscription, now)
    else:
        subscription.cancel_at_period_end = False
    _unset_unverified_card(session, subscription, actor)
    _tell(session, "subscription.resumed", subscription, actor, lines)


@atomic
def use_card(
    session: Session,
    subscription_id: str,
    card_id: str,
    now: dt.datetime,
    *,
    seal: str | None = None,
) -> None:
    """Charge another of the subscriber's saved cards from now on. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    lines, card = preview.other_card(session, subscription, card_id, now)
    _compare(lines, seal)
    subscription.card_id = card.id
    _tell(session, CARD, subscription, BUYER, lines, last4=card.last4)


@atomic
def ask_for_card(session: Session, subscription_id: str) -> str:
    """The id of what a new card for a subscription is entered for: one that was asked for before
    and is still open, or a new one. Raises ChangeRefusedError."""
    subscription = lock(session, subscription_id)
    if subscription.status == SubscriptionStatus.CANCELED:
        raise ChangeRefusedError(Words("This subscription has ended. You can subscribe again."))
    asked = select(CardChange).where(CardChange.subscription_id == subscription_id)
    for one in session.scalars(asked.order_by(CardChange.created_at.desc()).limit(1)):
        if active_attempt(session, one.payable_type, one.id) is None:
            return one.id
    made = CardChange(subscription=subscription)
    session.add(made)
    session.flush()
    return made.id


def _compare(lines: list[Line], seal: str | None) -> None:
    if seal is not None and seal != seal_of(lines):
        raise EffectChangedError(
            Words(
                "What it comes to has changed since you opened this page. Nothing was changed: "
                "please look again."
            )
        )


def _unset_unverified_card(session: Session, subscription: Subscription, actor: str) -> None:
    """Whoever wants more of a subscription pays it with a card of their own. One that somebody kept
    under their address without proving it was to be charged for what they chose, and is left; the
    next bill comes with a link to pay it."""
    if subscription.usable_card is not None and subscription.own_card is None:
        subscription.card_id = None
        history.record(
            session,
            _kind(actor),
            "subscription.card_left",
            actor=actor,
            subject=subscription.id,
        )


def _tell(
    session: Session,
    what: str,
    subscription: Subscription,
    actor: str,
    lines: list[Line],
    **data: Any,
) -> None:
    record_and_tell(session, what, subscription, lines, actor=actor, kind=_kind(actor), **data)


def _kind(actor: str) -> str:
    """What staff did is in the audit."""
    return "system" if actor == BUYER else "staff"
