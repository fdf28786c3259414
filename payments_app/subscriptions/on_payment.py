"""on_payment: what became of a period's payment, and what that means for its subscription.

It reads what is, not what happened: safe to run twice, and in any order of the events.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.customers.cards import keep_card
from payments_app.payments import states
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import active_attempt, payable_id_of, payable_of
from payments_app.payments.refunds.entitlement import (
    Entitlement,
    entitlement,
    is_whole,
    tell_of_part,
)
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.remaining import refundable
from payments_app.payments.refunds.request import store_refund, why_not
from payments_app.subscriptions import credit, dunning
from payments_app.subscriptions.card_change import CardChange
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.lock import lock
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.settle import settle_late
from payments_app.subscriptions.take_card import replaces_card, take_card

AFTER_END = "Paid as the subscription ended"
_REST_OF_BILL = "Nobody is charged for the rest: send a payment link for it, or let it be"


def on_payment(transaction_id: str, _claim: Claim) -> None:
    """Runs after a payment's end."""
    apply_payment_result(transaction_id, utcnow())


@atomic
def apply_payment_result(session: Session, transaction_id: str, now: dt.datetime) -> None:
    """Update the subscription whose period this transaction pays for, by its payments."""
    _apply(session, transaction_id, now)


def _apply(session: Session, transaction_id: str, now: dt.datetime) -> None:
    kind, period_id = payable_of(session, transaction_id) or ("", "")
    if kind == CardChange.payable_type:
        take_card(session, period_id, now)
    if kind == FinalBill.payable_type:
        _look_at_final_bill(session, period_id)
    if kind != Period.payable_type:
        return
    subscription_id = session.get_one(Period, period_id).subscription_id
    subscription = lock(session, subscription_id)
    period = session.get_one(Period, period_id, populate_existing=True)
    active = active_attempt(session, Period.payable_type, period_id)
    if active is not None and active.state == State.COMPLETE and not is_whole(active, period.price):
        _paid_in_part(session, subscription, period, active, now)
    elif active is not None and active.state == State.COMPLETE:
        _paid(session, subscription, period, active)
    elif active is None:
        ended = session.get_one(Transaction, transaction_id, populate_existing=True)
        _not_paid(session, subscription, period, ended, now)


@atomic
def on_refund(session: Session, refund_id: str, _claim: Claim) -> None:
    """Runs after a refund's end: what was captured in part may be given back in full now, and what
    a change of the plan gave back may be given back twice."""
    transaction_id, now = session.get_one(Refund, refund_id).transaction_id, utcnow()
    _apply(session, transaction_id, now)
    _cut_credit(session, transaction_id, now)


def _cut_credit(session: Session, transaction_id: str, now: dt.datetime) -> None:
    period_id = payable_id_of(session, transaction_id, Period.payable_type)
    if period_id is not None:
        theirs = lock(session, session.get_one(Period, period_id).subscription_id)
        credit.cut(session, theirs, period_id)
        settle_late(session, theirs, now)


def _paid(
    session: Session, subscription: Subscription, period: Period, transaction: Transaction
) -> None:
    if period.paid_at is not None:
        return
    period.paid_at, period.next_try_at = transaction.ended_at, None
    card = keep_card(session, transaction.id)
    if card is not None and replaces_card(subscription, card):
        subscription.card_id = card.id
    if subscription.status == SubscriptionStatus.CANCELED:
        _paid_after_end(session, subscription, period, transaction)
        return
    subscription.status = SubscriptionStatus.TRIALING if period.trial else SubscriptionStatus.ACTIVE
    subscription.current_start, subscription.current_end = period.start, period.end
    history.record(
        session,
        "system",
        "subscription.extended",
        transaction_id=transaction.id,
        subject=subscription.id,
        until=period.end.isoformat(),
    )


def _paid_after_end(
    session: Session, subscription: Subscription, period: Period, transaction: Transaction
) -> None:
    """It was under way as the subscription ended: of the end was said that it goes back then."""
    states.lock(session, transaction.id)
    amount = refundable(session, transaction)
    if not amount:
        return
    if why_not(session, transaction, amount, AFTER_END) is None:
        store_refund(
            session, transaction, amount, reason=AFTER_END, actor=credit.SETTLEMENT, kind="system"
        )
        return
    alerts.raise_alert(
        session,
        "paid_after_end",
        f"paid_after_end:{period.id}",
        f"{subscription.id} had ended when {transaction.id} was paid, and it can't be refunded "
        "here: give it back in another way",
        severity="critical",
        transaction_id=transaction.id,
    )


def _paid_in_part(
    session: Session,
    subscription: Subscription,
    period: Period,
    transaction: Transaction,
    now: dt.datetime,
) -> None:
    """It is not paid, and not charged again while what was captured is kept: a person decides.
    Once all of that was given back, it is a bill that was not paid, as any other."""
    begun = subscription.status not in (SubscriptionStatus.INCOMPLETE, SubscriptionStatus.CANCELED)
    if entitlement(session, transaction, period.price) != Entitlement.GIVEN_BACK:
        tell_of_part(session, transaction, f"a period of {subscription.id}", period.price)
        if begun:
            subscription.status = SubscriptionStatus.PAST_DUE
        return
    states.stop_holding(session, transaction.id)
    if begun:
        dunning.not_paid(session, subscription, period, now)


def _look_at_final_bill(session: Session, bill_id: str) -> None:
    """It is charged once, so what was captured in part is all that comes of itself."""
    bill = session.get_one(FinalBill, bill_id)
    paid = active_attempt(session, FinalBill.payable_type, bill_id)
    if paid is None or paid.state != State.COMPLETE:
        return
    if entitlement(session, paid, bill.price) == Entitlement.IN_PART:
        tell_of_part(session, paid, bill.id, bill.price, _REST_OF_BILL)


def _not_paid(
    session: Session,
    subscription: Subscription,
    period: Period,
    transaction: Transaction,
    now: dt.datetime,
) -> None:
    """A first payment, or one that the customer tried themselves, may simply be tried again."""
    heard = (
        period.decided_by_transaction_id == transaction.id or transaction.state == State.COMPLETE
    )
    if period.paid_at is not None or heard:
        return
    period.decided_by_transaction_id = transaction.id
    if not transaction.off_session or subscription.status in (
        SubscriptionStatus.INCOMPLETE,
        SubscriptionStatus.CANCELED,
    ):
        return
    if transaction.phase == Phase.CANCELED:
        dunning.not_sent(period, now)
    else:
        dunning.not_paid(session, subscription, period, now)
