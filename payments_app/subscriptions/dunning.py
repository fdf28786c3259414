"""dunning: what happens after a bill that is not paid: mails, further tries, and at last the end.

The days are counted from the first failure. A card that can't succeed without its owner (it was
reported stolen, the bank wants to see them) is not charged again: only the mails go on.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.jobs import outbox
from payments_app.gateway.declines import DeclinePolicy, decline_policy
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from payments_app.payments.queries import attempts
from payments_app.subscriptions.effects import ended_lines
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.settle import settle
from payments_app.subscriptions.settlement import UNPAID, Settlement, lock_payments, settlement_of
from payments_app.subscriptions.tell import ENDED, record_and_tell

TRY_DAYS = (1, 3, 5, 7)  # from the first failure to each further try
MAIL, MAIL_ENDED = "notices.dunning", "notices.subscription_ended"
NOT_SENT_SECONDS = 15 * 60


def not_paid(
    session: Session, subscription: Subscription, period: Period, now: dt.datetime
) -> None:
    """A bill was not paid: tell the customer and plan the next try; after the last one, end it."""
    subscription.status = SubscriptionStatus.PAST_DUE
    period.failed_at = period.failed_at or now
    if period.step >= len(TRY_DAYS):
        end(session, subscription, now, UNPAID)
        outbox.stage(session, MAIL_ENDED, period.id)
        return
    planned = period.failed_at + dt.timedelta(days=TRY_DAYS[period.step])
    refused = _refused(session, subscription, period)
    wait = (refused and refused.retry_after) or 0
    period.next_try_at = max(planned, now + dt.timedelta(seconds=wait))
    outbox.stage(session, MAIL, period.id, key=f"{MAIL}:{period.id}:{period.step}")
    history.record(
        session,
        "system",
        "subscription.not_paid",
        subject=subscription.id,
        period=period.id,
        step=period.step,
        next_try=period.next_try_at.isoformat(),
    )


def not_sent(period: Period, now: dt.datetime) -> None:
    """A try was not made, or never reached the bank: it does not count, and is made soon."""
    if period.failed_at is not None:
        period.step = max(0, period.step - 1)
    period.next_try_at = now + dt.timedelta(seconds=NOT_SENT_SECONDS)


def needs_its_owner(session: Session, subscription: Subscription, period: Period) -> bool:
    """Whether charging the same card again without its owner makes no sense. One that was refused
    for its details is tried on: its bank may send Stripe new ones meanwhile."""
    policy = _refused(session, subscription, period)
    return policy is not None and not policy.may_charge_off_session


def _refused(session: Session, subscription: Subscription, period: Period) -> DeclinePolicy | None:
    """How the card that would be charged next was declined without its owner; None where it was
    not."""
    card = subscription.usable_card
    last = session.scalars(
        attempts(Period.payable_type, period.id)
        .where(Transaction.phase == Phase.FAILED, Transaction.off_session)
        .order_by(Transaction.attempt.desc())
        .limit(1)
    ).first()
    if card is None or last is None or last.payment_method != card.payment_method:
        return None
    return decline_policy(last.error)


def end(
    session: Session,
    subscription: Subscription,
    now: dt.datetime,
    why: str,
    *,
    settlement: Settlement | None = None,
    actor: str = history.SYSTEM,
    kind: str = "system",
) -> None:
    """End a locked subscription: nothing is billed any more, its credit goes back, and its debt is
    charged, by the `settlement` that its owner read, or that is worked out now."""
    if settlement is None:
        lock_payments(session, subscription)
        settlement = settlement_of(session, subscription, now, why)
    begun = subscription.status != SubscriptionStatus.INCOMPLETE
    lines = ended_lines(subscription, settlement, now)
    done = settle(session, subscription, settlement)
    subscription.status, subscription.canceled_at = SubscriptionStatus.CANCELED, now
    for period in session.scalars(
        select(Period).where(
            Period.subscription_id == subscription.id, Period.next_try_at.is_not(None)
        )
    ):
        period.next_try_at = None
    record_and_tell(
        session,
        ENDED,
        subscription,
        lines,
        actor=actor,
        kind=kind,
        mailed=begun and why != UNPAID,  # of what was not paid there is a mail of its own
        why=why,
        **done,
    )
