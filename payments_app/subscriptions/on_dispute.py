"""on_dispute: a subscription whose payment is disputed is not billed (`renew.due`).

It ends when the dispute is lost, and goes on when it is won.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.queries import payable_id_of
from payments_app.subscriptions import credit, dunning
from payments_app.subscriptions.lock import lock
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import begin_anew, has_open_dispute
from payments_app.subscriptions.settle import settle_late
from payments_app.subscriptions.settlement import DISPUTE_LOST


def on_dispute(dispute_id: str, _claim: Claim) -> None:
    """Runs after a dispute changed."""
    apply_dispute(dispute_id, utcnow())


@atomic
def apply_dispute(session: Session, dispute_id: str, now: dt.datetime) -> None:
    """End the subscription whose period was lost to the bank, or let it go on: days on which
    nothing was billed because of a dispute are not billed afterwards. What the bank took is not
    given back by a change of the plan as well."""
    dispute = session.get_one(Dispute, dispute_id, populate_existing=True)
    period_id = payable_id_of(session, dispute.transaction_id, Period.payable_type)
    if period_id is None:
        return
    subscription = lock(session, session.get_one(Period, period_id).subscription_id)
    credit.cut(session, subscription, period_id)
    if subscription.status == SubscriptionStatus.CANCELED:
        settle_late(session, subscription, now)
        return
    if dispute.state == "lost":
        dunning.end(session, subscription, now, DISPUTE_LOST)
        return
    query = select(Subscription.id).where(Subscription.id == subscription.id, has_open_dispute())
    unpaid = select(Period.id).where(
        Period.subscription_id == subscription.id, Period.paid_at.is_(None)
    )
    if session.scalar(query) is None and session.scalar(unpaid.limit(1)) is None:
        begin_anew(session, subscription, now)
