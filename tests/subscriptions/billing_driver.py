"""A driver of subscriptions: plans, one member, and a clock that is moved by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.cards import remove
from payments_app.customers.find import customer_for
from payments_app.customers.models import SavedCard
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.transactions.check import request_check
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.on_payment import apply_payment_result
from payments_app.subscriptions.periods import Period
from payments_app.subscriptions.renew import advance, due
from payments_app.subscriptions.subscribe import subscribe
from tests.bystanders import own
from tests.payments.driver import PaymentDriver

NOON = dt.time(12)


def at(day: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), NOON, dt.UTC)


class BillingDriver(PaymentDriver):
    """`join` subscribes and pays, `go_to` moves the clock and does what is due by then."""

    def plan(self, slug: str = "club", amount: int = 1500, **more: Any) -> int:
        return _plan(slug, amount, more)

    def join(
        self,
        day: str = "2026-01-31",
        card: str = "pm_card_visa",
        plan: int | None = None,
        *,
        known: bool = True,
        **more: Any,
    ) -> str:
        """A member since `day`, who has proved the address (`known`); the subscription's id."""
        plan = plan or self.plan(**more)
        subscription, transaction = _join(plan, card, at(day), known=known)
        self.work("charges")
        apply_payment_result(transaction, at(day))
        return subscription

    def go_to(self, day: str) -> None:
        now = at(day)
        for subscription in due(db.session(), now):
            advance(subscription, now)
        self.run_due(now)

    def start_renewal(self, subscription_id: str, day: str) -> None:
        """Open the payment, and leave its charge to others."""
        advance(subscription_id, at(day))

    def is_under_way(self, call: str) -> bool:
        """Whether Stripe has done what the last intent was called for."""
        last = self.intents()[0]["status"]
        return last == ("succeeded" if call == "/confirm" else "requires_payment_method")

    def succeeded(self) -> int:
        """How many payments Stripe has taken."""
        return sum(intent["status"] == "succeeded" for intent in self.intents())

    def is_billed(self, now: dt.datetime, members: list[str], periods: int) -> bool:
        """Do all that waits; whether each member's last period is paid here, too, then: Stripe
        may have taken what a killed worker could not write down."""
        self.make_due("charge")
        self.make_due("look_up")
        self.run_due(now)
        return all(len(self.starts(member)) == periods for member in members)

    def run_due(self, now: dt.datetime) -> None:
        self.work("charges")
        for transaction in db.session.scalars(
            select(PaymentRecord.transaction_id)
            .where(PaymentRecord.payable_type == Period.payable_type, own(PaymentRecord))
            .order_by(PaymentRecord.id)
        ).all():
            apply_payment_result(transaction, now)

    def subscription(self, subscription_id: str) -> Subscription:
        db.session.rollback()
        return db.session.get_one(Subscription, subscription_id, populate_existing=True)

    def periods(self, subscription_id: str) -> list[Period]:
        db.session.rollback()
        return list(
            db.session.scalars(
                select(Period)
                .where(Period.subscription_id == subscription_id)
                .order_by(Period.start)
                .execution_options(populate_existing=True)
            )
        )

    def starts(self, subscription_id: str) -> list[str]:
        """The first days of the periods that are paid."""
        return [str(period.start) for period in self.periods(subscription_id) if period.paid_at]

    def attempts(self, subscription_id: str) -> list[Transaction]:
        """For the last period, the newest first."""
        return list(self.periods(subscription_id)[-1].transactions)

    def open_by_owner(self, subscription_id: str, card: str = "pm_card_visa", **source: Any) -> str:
        """The member pays the last period themselves; it is not charged yet."""
        period = self.periods(subscription_id)[-1].id
        return _open_by_owner(
            period, PaymentSource(payment_method=card, **{"customer_known": True} | source)
        )

    def subscribe(self, plan: int, now: dt.datetime) -> str:
        """A subscription that nobody has begun to pay for; its first period's id."""
        return _subscribe(plan, now)

    def open_with(self, period: str, card: SavedCard) -> str:
        """The member pays a period with a saved card."""
        return _open_by_owner(period, card.payment_source(off_session=False))

    def remove_card(self, subscription_id: str) -> None:
        """The member takes back the leave to charge the card."""
        found = self.subscription(subscription_id)
        remove(found.customer_id, found.card_id)

    def check(self, transaction_id: str) -> None:
        """Look at Stripe, because somebody asked."""
        request_check(transaction_id)
        self.work("charges")

    def take_card(self, subscription_id: str, card: str) -> None:
        """Let the member's card be another at Stripe: from now on it behaves so."""
        method = self.sandbox_form(
            f"/v1/payment_methods/{card}/attach",
            customer=self.subscription(subscription_id).card.stripe_customer_id,
        )["id"]
        _take_card(subscription_id, method)

    def sandbox_form(self, path: str, **fields: str) -> Any:
        answer = requests.post(
            self.config.stripe_api_base + path,
            auth=(self.config.stripe_secret_key, ""),
            data=fields,
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()


@atomic
def _plan(session: Session, slug: str, amount: int, more: dict[str, Any]) -> int:
    found = session.scalar(select(Plan).where(Plan.slug == slug))
    if found is None:
        found = Plan(slug=slug, name=slug.title(), amount=amount, **{"currency": "usd"} | more)
        session.add(found)
        session.flush()
    return found.id


@atomic
def _join(
    session: Session, plan_id: int, card: str, now: dt.datetime, *, known: bool
) -> tuple[str, str]:
    customer = customer_for(session, "ada@example.com")
    period = subscribe(session, session.get_one(Plan, plan_id), customer.id, now)
    opened = open_transaction(
        session,
        period,
        customer_id=customer.id,
        email=customer.email,
        source=PaymentSource(
            payment_method=card, save_card=bool(period.card_terms), customer_known=known
        ),
    )
    return period.subscription_id, opened.id


@atomic
def _subscribe(session: Session, plan_id: int, now: dt.datetime) -> str:
    customer = customer_for(session, "ada@example.com")
    return subscribe(session, session.get_one(Plan, plan_id), customer.id, now).id


@atomic
def _open_by_owner(session: Session, period_id: str, source: PaymentSource) -> str:
    customer = customer_for(session, "ada@example.com")
    return open_transaction(
        session,
        session.get_one(Period, period_id),
        customer_id=customer.id,
        email=customer.email,
        source=source,
    ).id


@atomic
def _take_card(session: Session, subscription_id: str, method: str) -> None:
    card = session.get_one(Subscription, subscription_id).card
    assert card is not None
    card.payment_method, card.fingerprint = method, None  # of another number
