"""settlement: what the end of a subscription comes to in money, worked out once.

The page that asks, the refunds and the bill, the history, the mail and the account are all made of
this one value (settle.py does it, effects.py words it): none can say another amount or day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.language import Words
from payments_app.core.money import Money, chargeable
from payments_app.payments import states
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt
from payments_app.payments.refunds.remaining import refundable
from payments_app.payments.refunds.request import why_not
from payments_app.subscriptions.calendar import local_day
from payments_app.subscriptions.credit import went_back
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import Period

ASKED, UNPAID, DISPUTE_LOST = "asked for", "unpaid", "a dispute was lost"
REASON = "Credit of a subscription that ended"


@dataclass(frozen=True)
class GivenBack:
    """So much (minor units) of a payment, and the card that it goes back to, in words."""

    transaction_id: str
    amount: int
    card: str


@dataclass(frozen=True)
class Settlement:
    """What an end comes to, in minor units of `currency`.

    `refunds` and `unplaced` are credit: by which payments it goes back, and what of it no payment
    can be refunded for. `charged` and `waived` are debt: it is charged to `card` (in words; None:
    its owner is mailed a link to pay), or not at all. `under_way` may still be taken by a payment
    that was sent before, and goes back then. Until `unused_until` it is paid for, and that is kept.
    """

    currency: str
    refunds: tuple[GivenBack, ...] = ()
    unplaced: int = 0
    charged: int = 0
    card: str | None = None
    waived: int = 0
    under_way: int = 0
    unused_until: dt.date | None = None


def settlement_of(
    session: Session,
    subscription: Subscription,
    now: dt.datetime,
    why: str = ASKED,
    *,
    added: int = 0,
) -> Settlement:
    """What it would come to now, or with so much `added` to its balance (minor units). Debt is not
    charged to a card that a bill was refused on, nor at all after a lost dispute."""
    currency = subscription.plan.currency
    under_way, unused_until = _under_way(session, subscription), _unused(session, subscription, now)
    balance = subscription.balance + _carried(session, subscription) + added
    if balance >= 0:
        waived = why == DISPUTE_LOST or chargeable(Money(balance, currency)) is not None
        refused = subscription.status == SubscriptionStatus.PAST_DUE or why != ASKED
        return Settlement(
            currency,
            charged=0 if waived else balance,
            card=None if refused else card_to_charge(subscription),
            waived=balance if waived else 0,
            under_way=under_way,
            unused_until=unused_until,
        )
    refunds, left = [], -balance
    for transaction in paid(session, subscription):
        amount = min(left, refundable(session, transaction))
        if amount > 0 and why_not(session, transaction, amount, REASON) is None:
            card = transaction.card_words or Words("the card that you paid with")
            refunds.append(GivenBack(transaction.id, amount, card))
            left -= amount
    return Settlement(
        currency,
        tuple(refunds),
        unplaced=left,
        under_way=under_way,
        unused_until=unused_until,
    )


def lock_payments(session: Session, subscription: Subscription) -> None:
    """Let nobody give back any of a locked subscription's payments, until the caller's transaction
    ends: what is worked out then is what is done."""
    for transaction in paid(session, subscription):
        states.lock(session, transaction.id)


def card_to_charge(subscription: Subscription) -> str | None:
    """The card that is charged without its owner, as they are told of it."""
    if subscription.usable_card is None:
        return None
    own = subscription.own_card
    return own.words if own else Words("the card that was entered for it")


def paid(session: Session, subscription: Subscription) -> Sequence[Transaction]:
    """The payments of its periods, the newest first."""
    return session.scalars(
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


def unpaid(session: Session, subscription: Subscription) -> Sequence[Period]:
    """Its periods that were billed and not paid."""
    return session.scalars(
        select(Period)
        .where(Period.subscription_id == subscription.id, Period.paid_at.is_(None))
        .order_by(Period.start)
    ).all()


def _carried(session: Session, subscription: Subscription) -> int:
    """What bills that were not paid took over of the balance."""
    return sum(period.carried or 0 for period in unpaid(session, subscription))


def _under_way(session: Session, subscription: Subscription) -> int:
    """What a payment that was begun for an open bill may still take."""
    begun = [
        active_attempt(session, Period.payable_type, period.id)
        for period in unpaid(session, subscription)
    ]
    return sum(one.amount for one in begun if one is not None and one.state == State.PENDING)


def _unused(session: Session, subscription: Subscription, now: dt.datetime) -> dt.date | None:
    end = subscription.current_end
    if end is None or end <= local_day(now) or subscription.status == SubscriptionStatus.TRIALING:
        return None
    back = went_back(session, subscription)
    active = active_attempt(session, Period.payable_type, back.period_id or "")
    given_back = active is not None and 0 < active.paid <= back.total
    return None if given_back else end
