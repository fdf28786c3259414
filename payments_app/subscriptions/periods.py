"""Periods of a subscription: each is a payable of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    exists,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.ids import looks_like_id, new_id
from payments_app.core.db.session import advisory_lock
from payments_app.core.extensions import Base
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.payments.models import PaymentRecord, Role
from payments_app.payments.payable import Bought, NotPayableError, Payable
from payments_app.payments.queries import tried_in, waits_for_buyer
from payments_app.subscriptions.calendar import in_words
from payments_app.subscriptions.models import (
    ENDED,
    RUNNING,
    Plan,
    Subscription,
    SubscriptionStatus,
)

NOT_OWN = "It was entered by somebody who has not proved the e-mail address."
PAID = Words("This is already paid.")
START_SECONDS = 24 * 3600  # a subscription whose first payment is not made by then is not begun


class Period(Payable, Base):
    """One period of a subscription, from `start` to the day before `end`, at the price of the day
    on which it was billed. Unique by its start: no period is billed twice. `carried` (minor units)
    is what of the subscription's balance is in its amount; None of one billed before this was kept.

    `failed_at` is when it was first not paid, `step` how many times it was tried after that,
    `next_try_at` when it will be; `decided_by_transaction_id` names the attempt that decided
    all this last.
    """

    __tablename__ = "pay_subscription_periods"
    payable_type = "subscription"
    payable_prefix = "per"
    owned_at = "subscriptions.mine"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("per"))
    subscription_id: Mapped[str] = mapped_column(ForeignKey("pay_subscriptions.id"))
    start: Mapped[dt.date]
    end: Mapped[dt.date]
    trial: Mapped[bool] = mapped_column(default=False)
    amount: Mapped[int] = mapped_column(BIGINT)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(300))
    carried: Mapped[int | None] = mapped_column(BIGINT)
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
        return in_words(self.description)

    @property
    def summary(self) -> str:
        """What the checkout says of it."""
        if not self.trial:
            return ""
        return Words("%(price)s.", price=self.subscription.plan.price_words(self.end))

    @property
    def heading(self) -> str:
        """The first one is subscribed to, the later ones are paid for."""
        first = self.subscription.status == SubscriptionStatus.INCOMPLETE
        return self.subscription.plan.heading if first else ""

    @property
    def card_terms(self) -> str:
        """What a subscriber agrees to by paying for a period."""
        return self.subscription.plan.terms(trial=self.trial)

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

    def already(self, session: Session, customer_id: str, browser: str | None) -> str | None:
        """Whether the customer has this plan already, and this is the beginning of another."""
        theirs = self.subscription
        if theirs.status != SubscriptionStatus.INCOMPLETE:
            return None
        advisory_lock(session, f"plan:{customer_id}:{theirs.plan_id}")
        if other_of_plan(session, theirs, customer_id, browser) is None:
            return None
        return Words(
            "You have %(plan)s already. Look at your subscriptions before you begin another one.",
            plan=theirs.plan.name,
        )

    def closed(self, session: Session) -> str | None:
        """Why nobody can begin to pay it any more: it is paid, or its subscription has ended, or
        was never begun in time."""
        theirs = self.subscription
        never_begun = theirs.status == SubscriptionStatus.INCOMPLETE and (
            (utcnow() - theirs.created_at).total_seconds() > START_SECONDS
        )
        if theirs.status == SubscriptionStatus.CANCELED or never_begun:
            return ENDED
        return PAID if self.paid_at is not None else None

    def before_payment(self, session: Session, customer_id: str) -> None:
        """It is still to be paid. Raises NotPayableError where it is not."""
        if words := self.closed(session):
            raise NotPayableError("already_paid" if words == PAID else "subscription_ended", words)


def other_of_plan(
    session: Session, subscription: Subscription, customer_id: str, browser: str | None = None
) -> Subscription | None:
    """Another subscription of the customer to the same plan: one that goes on, or is just being
    begun; where a browser is named, one that it tried to pay for, else none that somebody may have
    left at the bank's check."""
    found = select(Subscription).where(
        Subscription.customer_id == customer_id,
        Subscription.plan_id == subscription.plan_id,
        Subscription.id != subscription.id,
        or_(Subscription.status.in_(RUNNING), is_being_begun()),
    )
    theirs = select(Period.id).where(Period.subscription_id == Subscription.id)
    named = Period.payable_type, Period.id
    if browser is not None:
        found = found.where(theirs.where(tried_in(browser, *named)).exists())
    else:
        begun = Subscription.status != SubscriptionStatus.INCOMPLETE
        found = found.where(or_(begun, ~theirs.where(waits_for_buyer(*named)).exists()))
    return session.scalars(found.limit(1)).first()


def is_being_begun() -> ColumnElement[bool]:
    """Condition on Subscription: its first payment is made or under way, and not followed yet."""
    first = aliased(Period)
    return (Subscription.status == SubscriptionStatus.INCOMPLETE) & exists().where(
        first.subscription_id == Subscription.id,
        PaymentRecord.payable_type == Period.payable_type,
        PaymentRecord.payable_id == first.id,
        PaymentRecord.role == Role.PAYS_FOR,
        PaymentRecord.active,
    )


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
