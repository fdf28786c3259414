"""subscriptions: friendly words about a bill that is not paid, a trial that ends, and the end.

Each is written once, and only while it is still true. Its link makes nobody known, since mails
are read days later: it leads to a page that takes another card, and on which whoever wants to pay
with the saved one asks for a sign-in link.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.web import links
from payments_app.customers.models import Customer
from payments_app.gateway.declines import buyer_sentence
from payments_app.merchants.find import SHOP_NAME
from payments_app.notices import mails
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import attempts
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period


@atomic
def write_dunning(session: Session, period_id: str, _claim: Claim) -> None:
    """Runs after a bill that was not paid."""
    period = session.get_one(Period, period_id, populate_existing=True)
    subscription = period.subscription
    if period.paid_at is not None or subscription.status != SubscriptionStatus.PAST_DUE:
        return
    last = _last_try(session, period_id)
    why = buyer_sentence(last.error, last.phase)[1] if last else _why_not_tried(subscription)
    subject = f"Please pay {period.price} for {subscription.plan.name}"
    about = f"{period.id}_{period.step}"
    _write(session, "dunning", about, subscription, subject, period, why=why)


@atomic
def write_ended(session: Session, period_id: str, _claim: Claim) -> None:
    """Runs after the last try."""
    period = session.get_one(Period, period_id, populate_existing=True)
    if period.paid_at is None:
        subject = f"Your subscription to {period.subscription.plan.name} has ended"
        _write(session, "subscription_ended", period.id, period.subscription, subject, period)


@atomic
def write_trial_ending(session: Session, subscription_id: str, _claim: Claim) -> None:
    """The command that comes a few days before a trial is over."""
    subscription = session.get_one(Subscription, subscription_id, populate_existing=True)
    if subscription.status == SubscriptionStatus.TRIALING and not subscription.cancel_at_period_end:
        subject = f"Your free trial of {subscription.plan.name} ends soon"
        _write(session, "trial_ending", subscription.id, subscription, subject)


def _write(
    session: Session,
    kind: str,
    about: str,
    subscription: Subscription,
    subject: str,
    period: Period | None = None,
    **words: Any,
) -> None:
    customer = session.get_one(Customer, subscription.customer_id)
    unpaid = kind == "dunning" and period is not None
    to = f"/checkout/{period.id}" if unpaid and period else "/account/subscriptions"
    mails.write(
        session,
        kind,
        about,
        customer.email,
        subject,
        plan=subscription.plan,
        subscription=subscription,
        period=period,
        page=links.absolute(to),
        site=links.absolute(""),
        shop=SHOP_NAME,
        **words,
    )


def _why_not_tried(subscription: Subscription) -> str:
    if subscription.usable_card is None:
        return "You have no saved card."
    return "What you had paid was refunded."


def _last_try(session: Session, period_id: str) -> Transaction | None:
    failed = attempts(Period.payable_type, period_id).where(Transaction.state == State.FAILED)
    return session.scalars(failed.order_by(Transaction.attempt.desc()).limit(1)).first()
