"""LongLists: COUNT of everything that a page of staff's or of the merchants' portal lists."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.customers.find import customer_for
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import ConnectedAccount, Endpoint, Merchant
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.unmatched import UnmatchedObject
from payments_app.settlement.models import Batch
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.periods import Period
from tests.staff.stored_payments import StoredPayments

COUNT = 5
OTHER = "bob@example.com"


class LongLists:
    """All that is listed is of ada@example.com or of the shop; bob@example.com has one of some.
    `ids` are those that an address may name."""

    def __init__(self, app: Flask) -> None:
        payments = StoredPayments(app)
        order = payments.order()
        failed = [
            payments.decline(
                order_id=order.id, attempt=n + 1, created_at=utcnow() - dt.timedelta(minutes=n)
            )
            for n in range(COUNT)
        ]
        payments.payment(email=OTHER)
        with app.app_context():
            self.ids = {"payment": failed[0], "customer": payments.customer_id()}
            self.ids |= _fill(failed)
            self.order_number = order.number


@atomic
def _fill(session: Session, failed: list[str]) -> dict[str, str]:
    shop = default_merchant(session)
    endpoint = Endpoint(merchant_id=shop.id, url="https://shop.example/hook", secret="whsec_x")
    plan = Plan(slug="club", name="Club", amount=1500, currency="usd")
    session.add_all([endpoint, plan])
    session.flush()
    today = utcnow().date()
    customer = customer_for(session, "ada@example.com")
    ours = [
        Subscription(
            plan_id=plan.id, customer_id=of, status="active", anchor_day=1, billed_until=today
        )
        for of in (customer.id, customer_for(session, OTHER).id)
    ]
    session.add_all(ours)
    incident = Alert(kind="stripe_slow", key="slow", severity="critical", message="Slow")
    incident.first_at = utcnow() - dt.timedelta(hours=1)
    session.add(incident)
    session.flush()
    for number, id_ in enumerate(failed):
        _about_payment(session, number, id_, failed[0], endpoint, shop)
        _others(session, number, today, ours[0], shop)
    session.add(_period(ours[1], today, 99))
    return {
        "subscription": ours[0].id,
        "endpoint": endpoint.id,
        "incident": str(incident.id),
        "shop": shop.id,
    }


def _about_payment(
    session: Session, number: int, id_: str, first: str, endpoint: Endpoint, shop: Merchant
) -> None:
    """`first` has all mails, deliveries and entries; each has a dispute and a refund."""
    session.add(
        Dispute(
            stripe_dispute_id=f"dp_long{number}",
            transaction_id=id_,
            state="needs_response",
            funds="withdrawn",
            reason="general",
            amount=1099,
            currency="usd",
            stripe_data={},
            opened_at=utcnow(),
            due_by=utcnow() + dt.timedelta(days=number),
        )
    )
    payment = session.get_one(Transaction, id_)
    payment.ended_at = utcnow()
    session.add(
        PaymentRecord(
            transaction_id=id_,
            payable_type="merchant",
            payable_id=shop.id,
            role="merchant",
            active=False,
        )
    )
    refund = Refund(transaction_id=id_, state="failed", amount=100 + number, currency="usd")
    refund.reason, refund.requested_by = "Sent back", "system"
    session.add(refund)
    for call in ("stripe.create", "stripe.refund_create"):
        history.record(
            session, "stripe", call, transaction_id=id_, verdict="unknown", milliseconds=5
        )
    history.record(
        session, "note", "staff.note", transaction_id=first, actor="ada", text=f"Note {number}"
    )
    mail = {"recipient": "a@b.example", "subject": "x", "text": "x", "html": "x"}
    session.add(Mail(key=f"k{number}", kind=f"kind_{number}", transaction_id=first, **mail))
    event = WebhookEvent(
        id=f"evt_long{number}",
        type="payment_paid",
        merchant_id=shop.id,
        transaction_id=first,
        body="{}",
    )
    session.add(event)
    session.flush()
    session.add(Delivery(event_id=event.id, endpoint_id=endpoint.id, state="delivered"))


def _others(
    session: Session, number: int, today: dt.date, subscription: Subscription, shop: Merchant
) -> None:
    session.add(_period(subscription, today, number))
    what = f"subscription.step_{number}"
    history.record(session, "state", what, actor="system", subject=subscription.id)
    session.add(
        UnmatchedObject(stripe_id=f"re_unmatched{number}", kind="refund", stripe_data={"amount": 1})
    )
    merchant = Merchant(name=f"Seller {number}.", email=f"seller{number}@example.com")
    session.add(merchant)
    session.flush()
    session.add(ConnectedAccount(merchant_id=merchant.id, charge_type="direct", country="US"))
    for seen in (None, utcnow()):
        about = {"kind": "test", "severity": "warning", "message": f"Alert {number}."}
        key = f"t{number}{bool(seen)}"
        session.add(Alert(key=key, acknowledged_at=seen, acknowledged_by=seen and "ada", **about))
    session.add(
        Message(
            queue="default",
            command="test",
            subject=f"subject_{number}",
            dedupe_key=f"d{number}",
            dead_at=utcnow(),
        )
    )
    asked = PaymentRequest(amount=1000, currency="usd", description=f"Asked {number}.")
    asked.created_by = "ada"
    session.add(asked)
    day = today - dt.timedelta(days=number)
    session.add(
        Batch(
            merchant_id=shop.id,
            business_day=day,
            currency="usd",
            timezone="UTC",
            starts_at=utcnow() - dt.timedelta(days=number + 1),
            ends_at=utcnow() - dt.timedelta(days=number),
        )
    )


def _period(subscription: Subscription, today: dt.date, number: int) -> Period:
    return Period(
        subscription_id=subscription.id,
        start=today - dt.timedelta(days=30 * number),
        end=today - dt.timedelta(days=30 * number - 30),
        amount=1500 + number,
        currency="usd",
        description="Club",
    )
