"""find: plans on offer, and a customer's subscriptions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from payments_app.customers.find_cards import is_same, is_same_removed
from payments_app.customers.models import SavedCard
from payments_app.subscriptions.models import RUNNING, Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period, is_being_begun


def plans_on_offer(session: Session) -> Sequence[Plan]:
    """All active plans, in the order in which they were made."""
    return session.scalars(select(Plan).where(Plan.active).order_by(Plan.id)).all()


def plan_on_offer(session: Session, slug: str) -> Plan | None:
    """The active plan of this slug."""
    return session.scalars(select(Plan).where(Plan.slug == slug, Plan.active)).first()


def subscriptions_of(session: Session, customer_id: str) -> Sequence[Subscription]:
    """A customer's subscriptions that were begun, the newest first."""
    return session.scalars(
        select(Subscription)
        .where(
            Subscription.customer_id == customer_id,
            Subscription.status != SubscriptionStatus.INCOMPLETE,
        )
        .order_by(Subscription.created_at.desc(), Subscription.id)
        .options(joinedload(Subscription.plan), joinedload(Subscription.card))
    ).all()


def being_begun(session: Session, customer_id: str) -> Sequence[Subscription]:
    """A customer's subscriptions whose first payment is made or under way, and not followed yet."""
    return session.scalars(
        select(Subscription)
        .where(Subscription.customer_id == customer_id, is_being_begun())
        .order_by(Subscription.created_at.desc(), Subscription.id)
        .options(joinedload(Subscription.plan))
    ).all()


def subscription_of(
    session: Session, customer_id: str, subscription_id: str
) -> Subscription | None:
    """This subscription, if it is this customer's."""
    return session.scalars(
        select(Subscription).where(
            Subscription.id == subscription_id, Subscription.customer_id == customer_id
        )
    ).first()


def charged_to(session: Session, card: SavedCard) -> Sequence[Subscription]:
    """The subscriptions that are billed on this card, or settled on it where they end; of one that
    was removed, those that were."""
    same = is_same(card) if card.removed_at is None else is_same_removed(card)
    return session.scalars(
        select(Subscription)
        .join(Subscription.card)
        .where(
            or_(SavedCard.id == card.id, same),
            Subscription.status.in_(RUNNING),
        )
        .order_by(Subscription.created_at, Subscription.id)
        .options(joinedload(Subscription.plan))
    ).all()


def unpaid_period(session: Session, subscription_id: str) -> Period | None:
    """The period that is billed and not paid."""
    return session.scalars(
        select(Period).where(Period.subscription_id == subscription_id, Period.paid_at.is_(None))
    ).first()


def other_plans(session: Session, plan: Plan) -> Sequence[Plan]:
    """The plans that one may change to from this one."""
    return session.scalars(
        select(Plan)
        .where(
            Plan.active,
            Plan.id != plan.id,
            Plan.interval == plan.interval,
            Plan.currency == plan.currency,
        )
        .order_by(Plan.amount)
    ).all()
