"""bill: store a period of a subscription, and charge its saved card for it.

Safe from two at once because the subscription is locked, a period is unique by its start, and a
period has one active payment at most.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import insert_once
from payments_app.customers.models import Customer
from payments_app.payments.transactions.open import (
    ActivePaymentError,
    PaymentSource,
    open_transaction,
)
from payments_app.subscriptions import dunning
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.calendar import next_boundary
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period


def bill_next(session: Session, subscription: Subscription, now: dt.datetime) -> None:
    """Store the next period of a locked subscription, and charge for it."""
    plan, start = subscription.plan, subscription.billed_until
    end = next_boundary(start, plan.interval, subscription.anchor_day)
    amount, left = amount_due(plan, subscription.balance)
    carried, subscription.balance = subscription.balance - left, left
    subscription.billed_until = end
    fresh = insert_once(
        session,
        Period,
        id=new_id("per"),
        subscription_id=subscription.id,
        start=start,
        end=end,
        trial=False,
        amount=amount,
        currency=plan.currency,
        description=plan.description,
        step=0,
        carried=carried,
    )
    if not fresh:
        raise RuntimeError(f"{subscription.id} has a period of {start} already")
    period = session.scalars(
        select(Period).where(Period.subscription_id == subscription.id, Period.start == start)
    ).one()
    charge(session, subscription, period, now)


def charge(session: Session, subscription: Subscription, period: Period, now: dt.datetime) -> None:
    """Open a payment of this period with the subscription's card, without its owner. Where there
    is no card, the bill counts as not paid. One that is being paid just now is looked at later."""
    card = subscription.usable_card
    if card is None and period.amount > 0:
        dunning.not_paid(session, subscription, period, now)
        return
    customer = session.get_one(Customer, subscription.customer_id)
    try:
        open_transaction(
            session,
            period,
            customer_id=customer.id,
            email=customer.email,
            source=card.payment_source(off_session=True)
            if card
            else PaymentSource(off_session=True),
            actor="schedule",
        )
    except ActivePaymentError:
        # Its owner is paying just now. Should that fail, our own tries go on.
        dunning.not_sent(period, now)
