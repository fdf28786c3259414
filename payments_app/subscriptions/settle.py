"""settle: what a subscription that ends is owed goes back, and what it owes is charged.

Credit goes to the card that paid last, and on to those before it where that payment is too small.
Debt is a bill of its own. What is under the least that can be charged is waived. How much of each
was worked out before (settlement.py), with the payments locked.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.money import Money
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.request import store_refund
from payments_app.payments.transactions.open import open_transaction
from payments_app.subscriptions.calendar import day_words
from payments_app.subscriptions.credit import SETTLEMENT
from payments_app.subscriptions.effects import settlement_lines
from payments_app.subscriptions.final_bill import FinalBill, final_bill_words
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.settlement import (
    REASON,
    Settlement,
    lock_payments,
    settlement_of,
    unpaid,
)
from payments_app.subscriptions.tell import ENDED, SETTLED, last_entry, record_and_tell


def settle(session: Session, subscription: Subscription, settlement: Settlement) -> dict[str, Any]:
    """Do what was worked out of a locked subscription that has ended, in the caller's database
    transaction; return what its history keeps of it. Debt is charged without its owner where
    there is a card to charge; else the bill waits for them."""
    refunds = [
        store_refund(
            session,
            session.get_one(Transaction, one.transaction_id),
            one.amount,
            reason=REASON,
            actor=SETTLEMENT,
            kind="system",
        )
        for one in settlement.refunds
    ]
    for period in unpaid(session, subscription):
        period.carried = 0
    subscription.balance = -settlement.unplaced
    if settlement.unplaced:
        _tell_of_rest(session, subscription, Money(settlement.unplaced, settlement.currency))
    bill = _bill(session, subscription, settlement) if settlement.charged else None
    return {
        "refunds": refunds,
        "unplaced": settlement.unplaced,
        "bill": None if settlement.card else bill,  # to be paid by a link
    }


def settle_late(session: Session, subscription: Subscription, now: dt.datetime) -> None:
    """Credit that came to a locked subscription after its end goes back as well, and its owner is
    told."""
    if subscription.status != SubscriptionStatus.CANCELED or subscription.balance >= 0:
        return
    lock_payments(session, subscription)
    settlement = settlement_of(session, subscription, now)
    told = last_entry(session, subscription.id, ENDED, SETTLED).get("unplaced", 0)
    if not settlement.refunds and settlement.unplaced <= told:
        return
    done = settle(session, subscription, settlement)
    record_and_tell(
        session,
        SETTLED,
        subscription,
        settlement_lines(settlement, day_words(now)),
        actor=history.SYSTEM,
        kind="system",
        **done,
    )


def _bill(session: Session, subscription: Subscription, settlement: Settlement) -> str:
    bill = FinalBill(
        subscription=subscription,
        amount=settlement.charged,
        currency=settlement.currency,
        description=final_bill_words(subscription.plan.name)[:300],
    )
    session.add(bill)
    session.flush()
    card = subscription.usable_card
    if card is not None and settlement.card is not None:
        customer = session.get_one(Customer, subscription.customer_id)
        open_transaction(
            session,
            bill,
            customer_id=customer.id,
            email=customer.email,
            source=card.payment_source(off_session=True),
            actor="schedule",
        )
    return bill.id


def _tell_of_rest(session: Session, subscription: Subscription, rest: Money) -> None:
    alerts.raise_alert(
        session,
        "credit_not_refunded",
        f"credit_not_refunded:{subscription.id}",
        f"{subscription.id} ended with a credit of {rest} that no payment of it can be refunded "
        "for: give it back in another way",
    )
