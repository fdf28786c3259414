"""settle: what a subscription that ends is owed goes back, and what it owes is charged.

Credit goes to the card that paid last, and on to those before it where that payment is too small.
Debt is a bill of its own. What is under the least that can be charged is waived.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.money import Money, chargeable
from payments_app.customers.models import Customer
from payments_app.payments import states
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.remaining import remaining
from payments_app.payments.refunds.request import store_refund, why_not
from payments_app.payments.transactions.open import open_transaction
from payments_app.subscriptions.credit import SETTLEMENT
from payments_app.subscriptions.final_bill import FinalBill, final_bill_words
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period

REASON = "Credit of a subscription that ended"


@dataclass(frozen=True)
class Settlement:
    """What the end comes to, in minor units: `refunds` by transaction, what could not be given
    back by any (`unplaced`), what is `charged`, and what is `waived`."""

    currency: str
    refunds: tuple[tuple[str, int], ...] = ()
    unplaced: int = 0
    charged: int = 0
    waived: int = 0
    card: str | None = None
    bill: str | None = None

    @property
    def refunded(self) -> Money:
        """What goes back to the card."""
        return Money(sum(amount for _, amount in self.refunds), self.currency)


def settlement_of(
    session: Session, subscription: Subscription, *, may_charge: bool = True
) -> Settlement:
    """What it would come to now. Debt is not charged after a lost dispute (`may_charge`)."""
    currency = subscription.plan.currency
    balance = subscription.balance + _carried(session, subscription)
    if balance >= 0:
        owed = Money(balance, currency)
        if not may_charge or chargeable(owed) is not None:
            return Settlement(currency, waived=balance)
        return Settlement(currency, charged=balance)
    refunds, left, card = [], -balance, None
    for transaction in _paid(session, subscription):
        amount = min(left, remaining(session, transaction))
        if left and amount > 0 and why_not(session, transaction, amount, REASON) is None:
            refunds.append((transaction.id, amount))
            left, card = left - amount, card or transaction.card_words
    return Settlement(currency, tuple(refunds), unplaced=left, card=card)


def settle(
    session: Session, subscription: Subscription, *, may_charge: bool, off_session: bool
) -> Settlement:
    """Do so with a locked subscription that has ended, in the caller's database transaction. What
    is owed is charged without its owner (`off_session`) where there is a card; else a bill waits
    for them."""
    for transaction in _paid(session, subscription):
        states.lock(session, transaction.id)
    outcome = settlement_of(session, subscription, may_charge=may_charge)
    for transaction_id, amount in outcome.refunds:
        paid = session.get_one(Transaction, transaction_id)
        store_refund(session, paid, amount, reason=REASON, actor=SETTLEMENT, kind="system")
    for period in _unpaid(session, subscription):
        period.carried = 0
    subscription.balance = -outcome.unplaced
    if outcome.unplaced:
        _tell_of_rest(session, subscription, Money(outcome.unplaced, outcome.currency))
    if not outcome.charged:
        return outcome
    bill = _bill(session, subscription, outcome, off_session=off_session)
    return Settlement(outcome.currency, charged=outcome.charged, bill=bill)


def settle_late(session: Session, subscription: Subscription) -> None:
    """Credit that came to a locked subscription after its end goes back as well."""
    if subscription.status == SubscriptionStatus.CANCELED and subscription.balance < 0:
        settle(session, subscription, may_charge=False, off_session=False)


def _bill(
    session: Session, subscription: Subscription, outcome: Settlement, *, off_session: bool
) -> str:
    bill = FinalBill(
        subscription=subscription,
        amount=outcome.charged,
        currency=outcome.currency,
        description=final_bill_words(subscription.plan.name)[:300],
    )
    session.add(bill)
    session.flush()
    card = subscription.usable_card
    if card is not None and off_session:
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


def _paid(session: Session, subscription: Subscription) -> Iterator[Transaction]:
    """The payments of its periods, the newest first."""
    yield from session.scalars(
        select(Transaction)
        .join(PaymentRecord)
        .join(Period, Period.id == PaymentRecord.payable_id)
        .where(
            PaymentRecord.role == Role.PAYS_FOR,
            PaymentRecord.payable_type == Period.payable_type,
            Period.subscription_id == subscription.id,
            Transaction.state == State.COMPLETE,
        )
        .order_by(Transaction.ended_at.desc(), Transaction.id)
    ).all()


def _unpaid(session: Session, subscription: Subscription) -> Iterator[Period]:
    yield from session.scalars(
        select(Period).where(Period.subscription_id == subscription.id, Period.paid_at.is_(None))
    ).all()


def _carried(session: Session, subscription: Subscription) -> int:
    """What bills that were not paid took over of the balance."""
    return sum(period.carried or 0 for period in _unpaid(session, subscription))
