"""Plans, subscriptions, and their periods: each period is a payable of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import looks_like_id, new_id
from payments_app.core.extensions import Base
from payments_app.core.money import Money
from payments_app.customers.models import SavedCard
from payments_app.payments.payable import Bought, NotPayableError, Payable
from payments_app.subscriptions.calendar import WORDS, day_words

NOT_OWN = "It was entered by somebody who has not proved the e-mail address."
START_SECONDS = 24 * 3600  # a subscription whose first payment is not made by then is not begun


class Plan(Base):
    """What can be subscribed to. `amount` in minor units for each `interval`."""

    __tablename__ = "pay_plans"

    id: Mapped[int] = mapped_column(BIGINT, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    interval: Mapped[str] = mapped_column(String(8), default="month")
    trial_days: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("trial_days >= 0", name="trial_not_negative"),
        CheckConstraint("\"interval\" IN ('week', 'month', 'year')", name="interval"),
    )

    @property
    def price(self) -> Money:
        """The price of one period."""
        return Money(self.amount, self.currency)

    @property
    def description(self) -> str:
        """What the buyer reads in the description of a payment."""
        return f"{WORDS[self.interval]} subscription - {self.name}"

    @property
    def card_terms(self) -> str:
        """What a subscriber agrees to; nothing where it costs nothing."""
        if self.amount == 0:
            return ""
        since = " after that" if self.trial_days else ""
        return (
            f"You agree that your card is kept and charged {self.price_words()}{since}, until you "
            "cancel. You can cancel at any time."
        )

    def price_words(self, first_bill: dt.date | None = None) -> str:
        """The price as it comes: "$5.00 every month", or "Free until December 6, 2026, then $5.00
        every month" where the first bill is on that day."""
        words = f"{self.price} every {self.interval}"
        return f"Free until {day_words(first_bill)}, then {words}" if first_bill else words


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    INCOMPLETE = "incomplete"  # its first payment was not made yet
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"


class Subscription(Base):
    """A customer's subscription. `current_start` to `current_end` is the period paid for last
    (the end is the first day of the next), `billed_until` the end of the one billed last, paid or
    not. `balance` (minor units) goes on the next bill, or off it where it is negative.

    `incomplete` until the first payment; `past_due` while a bill is not paid. `paused_at` says
    since when nothing is billed, because its owner or staff asked for that.
    """

    __tablename__ = "pay_subscriptions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("subs"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("pay_plans.id"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("pay_customers.id"), index=True)
    card_id: Mapped[str | None] = mapped_column(ForeignKey("pay_saved_cards.id"))
    status: Mapped[str] = mapped_column(String(16), default=SubscriptionStatus.INCOMPLETE)
    anchor_day: Mapped[int]
    current_start: Mapped[dt.date | None]
    current_end: Mapped[dt.date | None]
    billed_until: Mapped[dt.date]
    balance: Mapped[int] = mapped_column(BIGINT, default=0)
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[dt.datetime | None]
    canceled_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    plan: Mapped[Plan] = relationship()
    card: Mapped[SavedCard | None] = relationship()

    __table_args__ = (
        CheckConstraint(
            "status IN ('incomplete', 'trialing', 'active', 'past_due', 'canceled')", name="status"
        ),
        CheckConstraint("(status = 'canceled') = (canceled_at IS NOT NULL)", name="canceled_at"),
        CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_day"),
        Index(
            "pay_subscriptions_billed_until_idx",
            "billed_until",
            postgresql_where=text("status IN ('trialing', 'active', 'past_due')"),
            sqlite_where=text("status IN ('trialing', 'active', 'past_due')"),
        ),
    )

    @property
    def display_status(self) -> str:
        """The status as people are told: one that is paused is `paused`."""
        return (
            "paused"
            if self.paused_at and self.status != SubscriptionStatus.CANCELED
            else self.status
        )

    @property
    def balance_words(self) -> str:
        """How much goes on the next bill, or off it."""
        return str(Money(abs(self.balance), self.plan.currency))

    @property
    def usable_card(self) -> SavedCard | None:
        """The card to charge; None where there is none, or its owner removed it."""
        return self.card if self.card is not None and self.card.removed_at is None else None

    @property
    def own_card(self) -> SavedCard | None:
        """The same, if it is the subscriber's own: not one that somebody kept under their address
        without proving it. Only this one is shown to the subscriber, and charged as they wish."""
        card = self.usable_card
        theirs = card is not None and card.customer_id == self.customer_id
        return card if theirs and card is not None and card.joined_at is not None else None


class Period(Payable, Base):
    """One period of a subscription, from `start` to the day before `end`, at the price of the day
    on which it was billed. Unique by its start: no period is billed twice.

    `failed_at` is when it was first not paid, `step` how many times it was tried after that,
    `next_try_at` when it will be; `decided_by_transaction_id` names the attempt that decided
    all this last.
    """

    __tablename__ = "pay_subscription_periods"
    payable_type = "subscription"
    payable_prefix = "per"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("per"))
    subscription_id: Mapped[str] = mapped_column(ForeignKey("pay_subscriptions.id"))
    start: Mapped[dt.date]
    end: Mapped[dt.date]
    trial: Mapped[bool] = mapped_column(default=False)
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(300))
    paid_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    step: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime | None]
    decided_by_transaction_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())

    subscription: Mapped[Subscription] = relationship()

    __table_args__ = (
        UniqueConstraint("subscription_id", "start"),
        CheckConstraint('"end" > start', name="some_days"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index(
            "pay_subscription_periods_unpaid_idx",
            "subscription_id",
            postgresql_where=text("paid_at IS NULL"),
            sqlite_where=text("paid_at IS NULL"),
        ),
    )

    @property
    def price(self) -> Money:
        """What this period costs."""
        return Money(self.amount, self.currency)

    @property
    def payment_description(self) -> str:
        """What the buyer reads in the description of the payment."""
        return self.description

    @property
    def summary(self) -> str:
        """What the checkout says of it."""
        return f"{self.subscription.plan.price_words(self.end)}." if self.trial else ""

    @property
    def card_terms(self) -> str:
        """What a subscriber agrees to by paying for a period."""
        return self.subscription.plan.card_terms

    def card_again(self, payment_method: str) -> str | None:
        """The card that the subscription is charged on, and none that it has left."""
        theirs = self._session().get_one(Subscription, self.subscription_id, populate_existing=True)
        card = theirs.usable_card
        if card is None or card.payment_method != payment_method:
            return None
        return "" if theirs.own_card else NOT_OWN

    def stripe_facts(self) -> dict[str, str]:
        """Which days of which subscription to which plan."""
        theirs = self.subscription
        return {
            "subscription": theirs.id,
            "plan": theirs.plan.slug,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "anchor_day": str(theirs.anchor_day),
        } | ({"trial": "true"} if self.trial else {})

    @classmethod
    def rebuild(
        cls, session: Session, payable_id: str, facts: Mapping[str, str], bought: Bought
    ) -> Period | None:
        """The period, with its subscription where that was begun after the backup. The
        subscription is billed until the period's end from now on: nobody is charged for it
        again."""
        try:
            start, end = (dt.date.fromisoformat(facts.get(name, "")) for name in ("start", "end"))
            anchor_day = int(facts.get("anchor_day", ""))
        except ValueError:
            return None
        theirs = _rebuilt(session, facts, bought, anchor_day, end)
        if theirs is None or _billed_already(session, theirs.id, start):
            return None
        if bought.money.amount == theirs.plan.amount + theirs.balance:
            theirs.balance = 0  # it was on this bill
        theirs.billed_until = max(theirs.billed_until, end)
        period = cls(
            id=payable_id,
            subscription=theirs,
            start=start,
            end=end,
            trial="trial" in facts,
            amount=bought.money.amount,
            currency=bought.money.currency,
            description=theirs.plan.description,
            created_at=bought.at,
        )
        session.add(period)
        return period

    def before_payment(self, session: Session, customer_id: str) -> None:
        """Refuse a period of a subscription that has ended, or that was never begun in time."""
        theirs = self.subscription
        never_begun = theirs.status == SubscriptionStatus.INCOMPLETE and (
            (utcnow() - theirs.created_at).total_seconds() > START_SECONDS
        )
        if theirs.status == SubscriptionStatus.CANCELED or never_begun:
            raise NotPayableError("subscription_ended", "This subscription has ended.")


def _rebuilt(
    session: Session, facts: Mapping[str, str], bought: Bought, anchor_day: int, end: dt.date
) -> Subscription | None:
    """The subscription that a period's facts name, locked; made anew where it is not here and its
    plan is."""
    subscription_id = facts.get("subscription", "")
    found = session.get(Subscription, subscription_id, with_for_update={"of": Subscription})
    plan = session.scalar(select(Plan).where(Plan.slug == facts.get("plan", "")))
    if found is not None or plan is None or not looks_like_id(subscription_id, "subs"):
        return found
    if bought.customer_id is None:
        return None
    made = Subscription(
        id=subscription_id,
        plan=plan,
        customer_id=bought.customer_id,
        anchor_day=anchor_day,
        billed_until=end,
        balance=0,
        created_at=bought.at,
    )
    session.add(made)
    session.flush()
    return made


def _billed_already(session: Session, subscription_id: str, start: dt.date) -> bool:
    """Whether another period of these days is here."""
    same = select(Period.id).where(Period.subscription_id == subscription_id, Period.start == start)
    return session.scalar(same) is not None
