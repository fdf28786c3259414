"""renew: bill every subscription whose time has come, and try again what was not paid.

The sweep stages a message for each, so that one in trouble holds up no other; `advance` does what
is due by then, and nothing if somebody was quicker. Both take the time that it is.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.customers.models import SavedCard
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.standing import is_open
from payments_app.payments.models import PaymentRecord, Role
from payments_app.subscriptions import dunning
from payments_app.subscriptions.bill import bill_next, charge
from payments_app.subscriptions.calendar import local_day
from payments_app.subscriptions.lock import lock
from payments_app.subscriptions.models import RUNNING, Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.settlement import ASKED

ADVANCE, SWEEP, MAIL_TRIAL = "subscriptions.advance", "subscriptions.sweep", "notices.trial_ending"
MAIL_EXPIRES = "notices.card_expires"
SWEEP_SECONDS = 5 * 60
TRIAL_MAIL_DAYS = 3  # before a trial ends
CARD_MAIL_DAYS = 14  # to enter another card before the next bill


def sweep() -> None:
    """The periodic job."""
    stage_due(utcnow())


def run_advance(subscription_id: str, _claim: Claim) -> None:
    """The command of one subscription."""
    advance(subscription_id, utcnow())


@atomic
def stage_due(session: Session, now: dt.datetime) -> int:
    """Stage a message for each subscription that has something due; return how many have."""
    window = int(now.timestamp()) // SWEEP_SECONDS
    found = due(session, now)
    for subscription_id in found:
        outbox.stage(session, ADVANCE, subscription_id, key=f"{ADVANCE}:{subscription_id}:{window}")
    for subscription_id in _trials_ending(session, now):
        outbox.stage(session, MAIL_TRIAL, subscription_id)
    for subscription_id, key in _cards_expiring(session, now):
        outbox.stage(session, MAIL_EXPIRES, subscription_id, key=key)
    return len(found)


def due(session: Session, now: dt.datetime) -> list[str]:
    """Ids of the subscriptions with a period to bill, or a bill to try again."""
    unpaid = and_(Period.subscription_id == Subscription.id, Period.paid_at.is_(None))
    query = (
        select(Subscription.id)
        .outerjoin(Period, unpaid)
        .where(
            Subscription.status.in_(RUNNING),
            Subscription.paused_at.is_(None),
            or_(~has_open_dispute(), Subscription.cancel_at_period_end),
            or_(
                Period.next_try_at <= now,
                and_(Period.id.is_(None), Subscription.billed_until <= local_day(now)),
            ),
        )
        .distinct()
    )
    return list(session.scalars(query))


@atomic
def advance(session: Session, subscription_id: str, now: dt.datetime) -> None:
    """Do what is due of one subscription, in one database transaction: bill the next period, try
    an unpaid one again, or end what its owner wants to end."""
    subscription = lock(session, subscription_id)
    if subscription.status not in RUNNING or subscription.paused_at is not None:
        return
    asked = select(Subscription.id).where(Subscription.id == subscription_id, has_open_dispute())
    disputed = session.scalar(asked) is not None
    unpaid = session.scalars(
        select(Period)
        .where(Period.subscription_id == subscription_id, Period.paid_at.is_(None))
        .execution_options(populate_existing=True)
    ).first()
    if unpaid is not None:
        if not disputed and unpaid.next_try_at is not None and unpaid.next_try_at <= now:
            _try_again(session, subscription, unpaid, now)
    elif subscription.billed_until <= local_day(now):
        if subscription.cancel_at_period_end:
            dunning.end(session, subscription, now, ASKED)
        elif not disputed:
            bill_next(session, subscription, now)


def begin_anew(session: Session, subscription: Subscription, now: dt.datetime) -> None:
    """Let a new period of a locked subscription begin today, unless what was paid for is not
    over."""
    today = local_day(now)
    if subscription.current_end is not None and subscription.current_end > today:
        return
    subscription.billed_until, subscription.anchor_day = today, today.day
    key = f"{ADVANCE}:{subscription.id}:resumed:{today}"
    outbox.stage(session, ADVANCE, subscription.id, key=key)


def has_open_dispute() -> ColumnElement[bool]:
    """Condition on Subscription: a payment of any of its periods is disputed now."""
    paid_for = aliased(Period)
    return exists().where(
        paid_for.subscription_id == Subscription.id,
        PaymentRecord.role == Role.PAYS_FOR,
        PaymentRecord.payable_type == Period.payable_type,
        PaymentRecord.payable_id == paid_for.id,
        PaymentRecord.transaction_id == Dispute.transaction_id,
        is_open(),
    )


def _try_again(
    session: Session, subscription: Subscription, period: Period, now: dt.datetime
) -> None:
    period.next_try_at = None
    if period.failed_at is not None:
        period.step += 1
    if dunning.needs_its_owner(session, subscription, period):
        dunning.not_paid(session, subscription, period, now)
    else:
        charge(session, subscription, period, now)


def expires_first(subscription: Subscription) -> bool:
    """Whether the card will not be valid on the day of the next bill: a card is, until its month
    ends."""
    card = subscription.usable_card
    if card is None or card.exp_year is None or card.exp_month is None:
        return False
    goes_on = subscription.status in RUNNING and subscription.paused_at is None
    day = subscription.billed_until
    valid = (card.exp_year, card.exp_month) >= (day.year, day.month)
    return goes_on and not subscription.cancel_at_period_end and not valid


def _cards_expiring(session: Session, now: dt.datetime) -> list[tuple[str, str]]:
    """Subscriptions to be billed within CARD_MAIL_DAYS on a card that has expired by then, with
    the key of their message."""
    today = local_day(now)
    soon = today + dt.timedelta(days=CARD_MAIL_DAYS)
    expired = or_(
        SavedCard.exp_year < soon.year,
        and_(SavedCard.exp_year == soon.year, SavedCard.exp_month < soon.month),
    )
    found = session.scalars(
        select(Subscription)
        .join(Subscription.card)
        .where(
            Subscription.status.in_(RUNNING),
            Subscription.billed_until.between(today, soon),
            SavedCard.removed_at.is_(None),
            expired,
        )
    )
    return [
        (one.id, f"{MAIL_EXPIRES}:{one.id}:{one.card_id}:{one.billed_until}")
        for one in found
        if expires_first(one)
    ]


def _trials_ending(session: Session, now: dt.datetime) -> list[str]:
    soon = local_day(now) + dt.timedelta(days=TRIAL_MAIL_DAYS)
    return list(
        session.scalars(
            select(Subscription.id).where(
                Subscription.status == SubscriptionStatus.TRIALING,
                Subscription.paused_at.is_(None),
                Subscription.current_end <= soon,
            )
        )
    )
