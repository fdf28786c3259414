"""credit: what a change of the plan gives back of a period that is paid for goes off the next bill.

It is never more than what was paid and did not go back otherwise, in whatever order the two come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.history import HistoryEntry
from payments_app.payments.disputes.standing import taken_back
from payments_app.payments.queries import active_attempt
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund
from payments_app.payments.refunds.remaining import refunded
from payments_app.subscriptions.calendar import prorated
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period

SETTLEMENT = "subscriptions"  # who asks for the refund of a credit: that gives nothing back anew
PLAN_CHANGED, CREDIT_CUT = "subscription.plan_changed", "subscription.credit_cut"


@dataclass(frozen=True)
class WentBack:
    """Of the period that is paid for: what was refunded, or taken back by the bank, in minor units;
    all of it, and what the last change of the plan has not reckoned with."""

    period_id: str | None
    total: int
    unreckoned: int


def went_back(session: Session, subscription: Subscription) -> WentBack:
    """What went back of the period that is paid for now."""
    period_id = session.scalar(
        select(Period.id).where(
            Period.subscription_id == subscription.id, Period.start == subscription.current_start
        )
    )
    return _of_period(session, subscription, period_id)


def _of_period(session: Session, subscription: Subscription, period_id: str | None) -> WentBack:
    active = active_attempt(session, Period.payable_type, period_id) if period_id else None
    if active is None:
        return WentBack(period_id, 0, 0)
    total = refunded(session, active.id) + taken_back(session, active.id)
    total -= _paid_out(session, active.id)
    changes = _told(session, subscription, PLAN_CHANGED, period_id)
    reckoned = sum(data.get("refunded", 0) for data in changes)
    return WentBack(period_id, total, total - reckoned)


def _paid_out(session: Session, transaction_id: str) -> int:
    """What of a payment was refunded because it was credit of a subscription that ended."""
    amount = session.scalar(
        select(func.sum(Refund.amount)).where(
            Refund.transaction_id == transaction_id,
            Refund.requested_by == SETTLEMENT,
            Refund.state.not_in(NOT_REFUNDED),
        )
    )
    return int(amount or 0)


def cut(session: Session, subscription: Subscription, period_id: str) -> None:
    """Take off a locked subscription's credit what went back of the period as well, by a refund or
    to the bank; and give it again where that came to nothing (`amount` is negative then), before
    the change or after it."""
    back = _of_period(session, subscription, period_id)
    changes = _told(session, subscription, PLAN_CHANGED, period_id)
    worth = changes[0].get("worth") if changes else None
    if worth is None:
        return
    kept = _kept_after_all(changes, back.total, subscription.plan.currency)
    given = max(0, kept - sum(data["difference"] for data in changes))
    before = _told(session, subscription, CREDIT_CUT, period_id)
    excess = min(given, max(0, back.total + given - worth))
    excess -= kept + sum(data["amount"] for data in before)
    if excess == 0:
        return
    subscription.balance += excess
    history.record(
        session,
        "system",
        CREDIT_CUT,
        subject=subscription.id,
        period=period_id,
        amount=excess,
        currency=subscription.plan.currency,
    )


def _kept_after_all(changes: list[dict[str, Any]], went_back: int, currency: str) -> int:
    """What changes of the plan did not give back because it was to go back otherwise, which came to
    nothing since: a refund failed, or a dispute was won."""
    kept, to_nothing = 0, sum(data.get("refunded", 0) for data in changes) - went_back
    for data in reversed(changes):
        if to_nothing > 0 and "days" in data:
            left, days, worth = data["left"], data["days"], data["worth"]
            wrong = min(to_nothing, data["refunded"])
            to_nothing -= wrong
            paid, believed = worth - data["refunded"] + wrong, worth - data["refunded"]
            kept += prorated(max(0, paid), left, days, currency)
            kept -= prorated(max(0, believed), left, days, currency)
    return kept


def _told(
    session: Session, subscription: Subscription, what: str, period_id: str | None
) -> list[dict[str, Any]]:
    """What history says of such changes within the period, oldest first."""
    found = session.scalars(
        select(HistoryEntry.data)
        .where(HistoryEntry.subject == subscription.id, HistoryEntry.what == what)
        .order_by(HistoryEntry.id)
    )
    return [data for data in found if data.get("period") == period_id]
