"""subscribe: begin a subscription with its first period, which is still to be paid."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.subscriptions.calendar import local_day, next_boundary
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.periods import Period


def subscribe(session: Session, plan: Plan, customer_id: str, now: dt.datetime) -> Period:
    """Store an incomplete subscription and its first period: a free trial where the plan has one,
    after which the days of billing are counted."""
    start = local_day(now)
    trial = plan.trial_days > 0
    anchor = start + dt.timedelta(days=plan.trial_days)
    end = anchor if trial else next_boundary(start, plan.interval, anchor.day)
    subscription = Subscription(
        plan=plan, customer_id=customer_id, anchor_day=anchor.day, billed_until=end
    )
    session.add(subscription)
    session.flush()
    period = Period(
        subscription=subscription,
        start=start,
        end=end,
        trial=trial,
        amount=0 if trial else plan.amount,
        currency=plan.currency,
        description=plan.description,
    )
    session.add(period)
    session.flush()
    return period
