"""A subscription as staff read it: its bills, their payments, what comes next, and its history."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.history import HistoryEntry
from payments_app.core.web.part import Part, scalars_of
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.staff.payments.details import payments
from payments_app.staff.payments.pay_link import pay_links
from payments_app.staff.payments.refunds_and_disputes import refund_words
from payments_app.staff.presenter import Payment
from payments_app.staff.timeline import entries
from payments_app.staff.zones import When, when
from payments_app.subscriptions.dunning import TRY_DAYS
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.find import subscriptions_of
from payments_app.subscriptions.models import Subscription, SubscriptionStatus
from payments_app.subscriptions.periods import NOT_OWN, Period
from payments_app.subscriptions.settled import settled

SHOWN = 24  # bills, and entries of the history twice as many
_BADGES = {
    SubscriptionStatus.INCOMPLETE: ("Incomplete", "secondary"),
    SubscriptionStatus.TRIALING: ("Free trial", "info"),
    SubscriptionStatus.ACTIVE: ("Active", "success"),
    SubscriptionStatus.PAST_DUE: ("Not paid", "danger"),
    "paused": ("Paused", "warning"),
    SubscriptionStatus.CANCELED: ("Ended", "secondary"),
}


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription as a line: `next_bill` is None where there will be none."""

    id: str
    plan: str
    price: str
    badge: str
    badge_class: str
    paid_until: dt.date | None
    next_bill: dt.date | None
    ends: dt.date | None
    card: str | None
    customer_id: str


@dataclass(frozen=True)
class Bill:
    """A period and every attempt at paying for it. `tries` of `most` were made after the first."""

    period: Period
    payments: list[Payment]
    paid: When | None
    next_try: When | None
    tries: int
    pay_url: str | None = None  # where it is paid, of one that can be
    most: int = len(TRY_DAYS)

    @property
    def state(self) -> str:
        """What is to be said of it, in words."""
        if self.period.paid_at is not None:
            return "Free trial" if self.period.trial else "Paid"
        if self.period.failed_at is None:
            return "Not paid yet"
        return f"Not paid, {self.tries} of {self.most} further tries made"


@dataclass(frozen=True)
class Ending:
    """What the end of a subscription came to: the lines that its owner reads, and the payments of
    what was to be given back, each as amount, state and the payment's id, and of what was owed."""

    lines: list[Line]
    refunds: list[tuple[str, str, str]]
    payments: list[Payment]


def subscription_rows(session: Session, customer_id: str) -> list[SubscriptionRow]:
    """A customer's subscriptions, the newest first."""
    return [row_of(found) for found in subscriptions_of(session, customer_id)]


def row_of(found: Subscription) -> SubscriptionRow:
    """One of them."""
    text, kind = _BADGES[found.display_status]
    goes_on = (
        found.display_status in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE)
        and not found.cancel_at_period_end
    )
    return SubscriptionRow(
        id=found.id,
        plan=found.plan.name,
        price=found.plan.price_words(),
        badge=text,
        badge_class=f"badge badge-{kind}",
        paid_until=found.current_end,
        next_bill=found.billed_until if goes_on else None,
        ends=found.current_end if found.cancel_at_period_end else None,
        card=_card(found),
        customer_id=found.customer_id,
    )


def _card(found: Subscription) -> str | None:
    """The card that is charged, and whose it is where it is not the customer's own."""
    card = found.usable_card
    if card is None:
        return None
    return card.words if found.own_card else f"{card.words}. {NOT_OWN}"


def ending_of(session: Session, found: Subscription, zone: ZoneInfo) -> Ending | None:
    """Of one that has ended; None of one that goes on."""
    if found.status != SubscriptionStatus.CANCELED:
        return None
    ended = settled(session, found, by_owner=False)
    made = _payments(session, FinalBill.payable_type, [bill.id for bill in ended.bills], zone)
    return Ending(
        ended.lines,
        [(str(one.money), refund_words(one.state), one.transaction_id) for one in ended.refunds],
        [payment for bill in ended.bills for payment in made[bill.id]],
    )


def bills(session: Session, subscription_id: str, zone: ZoneInfo) -> Part:
    """SHOWN of its periods, the newest first, each with its payments."""
    query = select(Period).where(Period.subscription_id == subscription_id)
    part = scalars_of(session, query.order_by(Period.start.desc(), Period.id), "bills", SHOWN)
    ids = [period.id for period in part.rows]
    made = _payments(session, Period.payable_type, ids, zone)
    member = session.get_one(Subscription, subscription_id).customer_id
    links = pay_links(session, Period.payable_type, ids, member)
    return part.of(
        Bill(
            period,
            made[period.id],
            when(period.paid_at, zone),
            when(period.next_try_at, zone),
            period.step,
            links.get(period.id),
        )
        for period in part.rows
    )


def history_of(session: Session, subscription_id: str, zone: ZoneInfo) -> Part:
    """What happened to it, the newest first."""
    query = select(HistoryEntry).where(HistoryEntry.subject == subscription_id)
    part = scalars_of(session, query.order_by(HistoryEntry.id.desc()), "timeline", 2 * SHOWN)
    return part.of(entries(session, part.rows, zone))


def _payments(
    session: Session, payable_type: str, ids: Sequence[str], zone: ZoneInfo
) -> dict[str, list[Payment]]:
    rows = session.execute(
        select(PaymentRecord.payable_id, Transaction.id, Transaction.version)
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(
            PaymentRecord.payable_type == payable_type,
            PaymentRecord.payable_id.in_(ids),
            PaymentRecord.role == Role.PAYS_FOR,
        )
        .order_by(PaymentRecord.id.desc())
    ).all()
    shown = {
        payment.id: payment
        for payment in payments(session, [(row.id, row.version) for row in rows], zone)
    }
    found: dict[str, list[Payment]] = defaultdict(list)
    for row in rows:
        found[row.payable_id].append(shown[row.id])
    return found
