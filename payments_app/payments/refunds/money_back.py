"""money_back: what of a payment went back to its buyer, as they are told on pages and in mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import in_zone
from payments_app.core.db.columns import as_object
from payments_app.core.money import Money
from payments_app.gateway.words import word
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.standing import is_open
from payments_app.payments.disputes.taken import not_back
from payments_app.payments.owed import still_owed
from payments_app.payments.refunds import items as paid_items
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund, RefundState

# What banks take to show a refund, at most: https://docs.stripe.com/refunds
WORKING_DAYS = 10
_ON_ITS_WAY = (RefundState.PENDING, RefundState.REQUIRES_ACTION, RefundState.SUCCEEDED)


@dataclass(frozen=True)
class Movement:
    """Money that went back, or came to nothing (`failed`). `arrives` is the day by which a bank
    shows a refund, None of what the bank itself gave back. `trace` is the number by which a bank
    finds it, `items` what was given back, where that was chosen."""

    money: Money
    failed: bool = False
    arrives: dt.date | None = None
    trace: str | None = None
    items: str = ""


@dataclass(frozen=True)
class MoneyBack:
    """Of what was `paid`: what went back, as refunds and by the bank, and what remains paid."""

    paid: Money
    refunded: Money
    taken: Money
    movements: Sequence[Movement]

    @property
    def remaining(self) -> Money:
        """What remains paid; never less than nothing."""
        left = self.paid.amount - self.refunded.amount - self.taken.amount
        return Money(max(0, left), self.paid.currency)

    @property
    def all_back(self) -> bool:
        """Whether nothing of it remains paid: its buyer is not thanked for paying."""
        return bool(self.paid.amount) and not self.remaining.amount


def money_back(session: Session, transaction_id: str, paid: Money) -> MoneyBack:
    """What a buyer is told of a payment of which `paid` was taken, oldest first. What was asked
    for and has not reached Stripe yet, or was refused there, is not told: no money moved."""
    of_it = select(Refund).where(Refund.transaction_id == transaction_id)
    refunds = session.scalars(
        of_it.order_by(Refund.created_at, Refund.id).execution_options(populate_existing=True)
    ).all()
    lost = session.scalars(
        select(Dispute)
        .where(Dispute.transaction_id == transaction_id, ~is_open(), Dispute.funds != "none")
        .order_by(Dispute.opened_at)
        .execution_options(populate_existing=True)
    ).all()
    told = [movement_of(refund) for refund in refunds if is_told(refund)]
    kept_there = [(not_back(each), each.currency) for each in lost]
    taken = [Movement(Money(a, c)) for a, c in kept_there if a and c == paid.currency]
    back = sum(movement.money.amount for movement in told if not movement.failed)
    made = MoneyBack(
        paid,
        Money(back, paid.currency),
        Money(sum(movement.money.amount for movement in taken), paid.currency),
        [*told, *taken],
    )
    owed = still_owed([(one.money.amount, one.failed) for one in told], made.remaining.amount)
    kept = [one for one, due in zip(told, owed, strict=True) if due or not one.failed]
    return replace(made, movements=[*kept, *taken])


def is_told(refund: Refund) -> bool:
    """Whether its buyer is told of a refund: it is on its way, or came to nothing at the bank."""
    return refund.state in _ON_ITS_WAY or (
        refund.state in NOT_REFUNDED and refund.stripe_refund_id is not None
    )


def movement_of(refund: Refund) -> Movement:
    """A refund as its buyer is told."""
    if refund.state in NOT_REFUNDED:
        return Movement(refund.money, failed=True, items=paid_items.in_words(refund.items))
    card = as_object(
        as_object(as_object(refund.stripe_data).get("destination_details")).get("card")
    )
    return Movement(
        refund.money,
        arrives=_arrives(refund.created_at),
        trace=word(card.get("reference"), 60),
        items=paid_items.in_words(refund.items),
    )


def _arrives(asked_at: dt.datetime) -> dt.date:
    """WORKING_DAYS later, by the business's days, from Monday to Friday."""
    zone = ZoneInfo(current_app.config["CONFIG"].business_timezone)
    day, left = in_zone(asked_at, zone).date(), WORKING_DAYS
    while left:
        day += dt.timedelta(days=1)
        left -= day.weekday() < 5
    return day
