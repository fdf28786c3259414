"""settled: what the owner of a subscription was told of its end, and how that stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.history import HistoryEntry
from payments_app.core.language import Words
from payments_app.payments.disputes.standing import taken_back
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.owed import still_owed
from payments_app.payments.phases import State
from payments_app.payments.queries import active_attempt
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund
from payments_app.payments.refunds.remaining import remaining
from payments_app.subscriptions.calendar import day_words
from payments_app.subscriptions.credit import SETTLEMENT
from payments_app.subscriptions.effect_words import TODAY, Line, shown_money
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.tell import ENDED, SETTLED, lines_of


@dataclass(frozen=True)
class Settled:
    """`lines` are those of the mails, and of what became of it since; `to_pay` its final bills
    that are neither paid nor being paid. `refunds` and `bills` are all of them."""

    lines: list[Line]
    to_pay: Sequence[FinalBill]
    refunds: Sequence[Refund]
    bills: Sequence[FinalBill]


def settled(session: Session, subscription: Subscription, *, by_owner: bool) -> Settled:
    """Of a subscription that has ended; as its owner reads, or in English."""
    told = session.scalars(
        select(HistoryEntry.data)
        .where(HistoryEntry.subject == subscription.id, HistoryEntry.what.in_((ENDED, SETTLED)))
        .order_by(HistoryEntry.id)
    )
    lines = [
        line
        for data in told
        for line in (lines_of(session, subscription, data) if by_owner else data.get("lines", []))
    ]
    refunds = _refunds(session, subscription)
    lines += [_owed_line(one) for one in refunds if is_owed(session, one)]
    bills = session.scalars(
        select(FinalBill)
        .where(FinalBill.subscription_id == subscription.id)
        .order_by(FinalBill.created_at, FinalBill.id)
    ).all()
    attempts = [active_attempt(session, one.payable_type, one.id) for one in bills]
    lines += [_bill_line(made) for made in attempts]
    to_pay = [one for one, made in zip(bills, attempts, strict=True) if made is None]
    return Settled(lines, to_pay, refunds, bills)


def is_owed(session: Session, refund: Refund) -> bool:
    """Whether a refund was said to go back as a subscription ended, came to nothing, and was not
    made good since."""
    if refund.requested_by != SETTLEMENT or refund.state not in NOT_REFUNDED:
        return False
    made = session.scalars(
        select(Refund)
        .where(Refund.transaction_id == refund.transaction_id)
        .order_by(Refund.created_at, Refund.id)
    ).all()
    transaction = session.get_one(Transaction, refund.transaction_id)
    left = remaining(session, transaction) - taken_back(session, transaction.id)
    owed = still_owed([(one.amount, one.state in NOT_REFUNDED) for one in made], left)
    return owed[[one.id for one in made].index(refund.id)]


def _refunds(session: Session, subscription: Subscription) -> Sequence[Refund]:
    """What was given back because it ended, oldest first."""
    return session.scalars(
        select(Refund)
        .join(PaymentRecord, PaymentRecord.transaction_id == Refund.transaction_id)
        .join(Period, Period.id == PaymentRecord.payable_id)
        .where(
            PaymentRecord.role == Role.PAYS_FOR,
            PaymentRecord.payable_type == Period.payable_type,
            Period.subscription_id == subscription.id,
            Refund.requested_by == SETTLEMENT,
        )
        .order_by(Refund.created_at, Refund.id)
    ).all()


def _owed_line(refund: Refund) -> Line:
    words = Words("This refund did not arrive: we refund you in another way, and e-mail you then")
    return day_words(refund.state_at), words, Words("%(money)s back", money=refund.money)


def _bill_line(attempt: Transaction | None) -> Line:
    """How it stands. What is owed stands once, in the line that announced it."""
    if attempt is None:
        return TODAY, Words("The last payment is not made yet"), ""
    if attempt.state == State.COMPLETE:
        day = day_words(attempt.ended_at or attempt.created_at)
        return day, Words("The last payment was made"), shown_money(attempt.money_paid)
    return TODAY, Words("The last payment is under way"), ""
