"""Plans and subscriptions; what is paid for is a period (periods.py)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.customers.models import SavedCard
from payments_app.subscriptions.calendar import EVERY, WORDS, day_words


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
        return Words(WORDS[self.interval], plan=self.name)

    @property
    def card_terms(self) -> str:
        """What whoever subscribes agrees to."""
        return self.terms(trial=self.trial_days > 0)

    def terms(self, *, trial: bool) -> str:
        """What a subscriber agrees to, in a free trial or after it; nothing where it costs
        nothing."""
        if self.amount == 0:
            return ""
        if trial:
            return Words(
                "You agree that your card is kept and, after the free trial, charged %(price)s, "
                "until you cancel. You can cancel at any time.",
                price=self.price_words(),
            )
        return Words(
            "You agree that your card is kept and charged %(price)s, until you cancel. You can "
            "cancel at any time.",
            price=self.price_words(),
        )

    @property
    def heading(self) -> str:
        """What the page is called on which one subscribes; empty where a free trial begins."""
        return "" if self.trial_days else Words("Subscribe to %(plan)s", plan=self.name)

    def price_words(self, first_bill: dt.date | None = None) -> str:
        """The price as it comes: "$5.00 every month", or "Free until December 6, 2026, then $5.00
        every month" where the first bill is on that day."""
        words = Words("%(price)s %(every)s", price=self.price, every=EVERY[self.interval])
        if first_bill is None:
            return words
        return Words("Free until %(day)s, then %(price)s", day=day_words(first_bill), price=words)


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    INCOMPLETE = "incomplete"  # its first payment was not made yet
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"


ENDED = Words("This subscription has ended.")
RUNNING = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


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
        money = Money(abs(self.balance), self.plan.currency)
        return Words.made(lambda: str(money))

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
