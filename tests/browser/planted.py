"""A shop with a history in which ten things have happened that support is asked about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.payment_history import add_demo_data
from payments_app.accounts.people import create_staff
from payments_app.attention.keep import rebuild
from payments_app.core import alerts, history
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.customers.find import customer_for
from payments_app.gateway import breaker
from payments_app.gateway.results import Verdict
from payments_app.notices.models import Mail
from payments_app.orders.line_models import OrderLine
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Payout, PayoutLine
from tests.accounts.staff_driver import PASSWORD
from tests.staff.stored_payments import StoredPayments

NEW_MEMBER, COLLEAGUE = "new.member@example.com", "mara.colleague@example.com"
GRACE, NOOR, IDA, TOM = (f"{name}@buyers.example.com" for name in ("grace", "noor", "ida", "tom"))
PAUL, OSCAR, LENA, STRANGER = (
    f"{name}@buyers.example.com" for name in ("paul", "oscar", "lena", "stranger")
)
REFUNDED_ORDER, WHY_REFUNDED = "X7K2M9QRTA", "The glaze was cracked when it arrived"
OUTAGE = "Stripe did not answer for 18 minutes: payments waited"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_MANY = 200  # payments of others


@dataclass
class Planted:
    """Ids of what was planted, by what it is; `tuesday` is the last one that is over."""

    tuesday: dt.datetime
    ids: dict[str, str] = field(default_factory=dict)

    def reference(self, name: str) -> str:
        """As the pages print it."""
        return reference(self.ids[name])


def plant(app: Flask) -> Planted:
    """All ten, among payments of others."""
    now = utcnow()
    back = (now.weekday() - 1) % 7 or 7
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    planted = Planted(noon - back * DAY)
    shop = StoredPayments(app)
    with app.app_context():
        add_demo_data(_MANY, lambda _: None)
        create_staff(NEW_MEMBER, "refunder", PASSWORD)
        colleague = create_staff(COLLEAGUE, "refunder", PASSWORD)
        planted.ids |= _orders(now)
        _pay(planted, shop, now)
        _add_more(now, planted, colleague)
        _have_outage(planted)
        for _ in range(breaker.FAILURES):
            breaker.report(reached=False)
        rebuild()
    return planted


@atomic
def _orders(session: Session, now: dt.datetime) -> dict[str, str]:
    """Orders by the name of the payment that pays for each."""
    wares = {
        "mug": Product(slug="mug", name="Enamel mug", amount=2400, currency="usd"),
        "bag": Product(slug="bag", name="Canvas bag", amount=4950, currency="usd"),
    }
    session.add_all(wares.values())
    found = {}
    for name, email, ware, count in (
        ("mug", GRACE, "mug", 1),
        ("mug again", GRACE, "mug", 1),
        ("bags", IDA, "bag", 3),
        ("refunded", LENA, "mug", 2),
        ("mug of another", STRANGER, "mug", 1),
        ("declined", NOOR, "mug", 1),
    ):
        product = wares[ware]
        number = REFUNDED_ORDER if name == "refunded" else f"NUM{len(found)}".ljust(10, "Q")
        order = Order(
            number=number,
            customer_id=customer_for(session, email).id,
            total=product.amount * count,
            currency="usd",
            status="payment_failed" if name == "declined" else "paid",
            paid_at=None if name == "declined" else now,
            lines=[
                OrderLine(product=product, name=product.name, quantity=count, amount=product.amount)
            ],
        )
        session.add(order)
        session.flush()
        found[f"order of {name}"] = order.id
    return found


def _pay(planted: Planted, shop: StoredPayments, now: dt.datetime) -> None:
    """Payments of the orders and others, each complete but what failed or waits."""
    ids, tuesday = planted.ids, planted.tuesday
    for name, email, amount, at in (
        ("mug", GRACE, 2400, now - 5 * HOUR),
        ("mug again", GRACE, 2400, now - 5 * HOUR + dt.timedelta(minutes=2)),
        ("bags", IDA, 14850, now - 7 * HOUR),
        ("refunded", LENA, 4800, now - 3 * DAY),
        ("mug of another", STRANGER, 2400, now - 5 * HOUR + dt.timedelta(minutes=1)),
    ):
        order_id = ids[f"order of {name}"]
        with shop.app.app_context():
            number = _number(order_id)
        ids[name] = shop.payment(
            email=email,
            amount=amount,
            amount_received=amount,
            order_id=order_id,
            created_at=at,
            ended_at=at + dt.timedelta(seconds=3),
            description=f"Order #{number}",
        )
    for name, email, amount, at in (
        ("receipt", TOM, 3300, now - DAY),
        ("disputed", OSCAR, 7700, now - 20 * DAY),
        ("disputed for long", STRANGER, 1100, now - 20 * DAY),
        ("friday", "fri@buyers.example.com", 6000, tuesday - 4 * DAY),
        ("saturday", "sat@buyers.example.com", 4000, tuesday - 3 * DAY),
        ("first of outage", "out1@buyers.example.com", 1200, tuesday),
        ("second of outage", "out2@buyers.example.com", 1300, tuesday + dt.timedelta(minutes=3)),
        ("beside the outage", STRANGER, 1400, tuesday + dt.timedelta(minutes=4)),
    ):
        ids[name] = shop.payment(
            email=email,
            amount=amount,
            amount_received=amount,
            created_at=at,
            ended_at=at + dt.timedelta(minutes=20),
        )
    ids["declined"] = shop.decline(
        email=NOOR,
        card_last4="9995",
        order_id=ids["order of declined"],
        created_at=now - 2 * HOUR,
        ended_at=now - 2 * HOUR,
    )
    ids["failed in outage"] = shop.decline(
        email="out3@buyers.example.com",
        created_at=tuesday,
        ended_at=tuesday + dt.timedelta(minutes=20),
    )
    ids["waits"] = shop.payment(
        "processing", email="wait@buyers.example.com", created_at=now - dt.timedelta(minutes=4)
    )


@atomic
def _number(session: Session, order_id: str) -> str:
    return session.scalars(select(Order.number).where(Order.id == order_id)).one()


@atomic
def _add_more(session: Session, now: dt.datetime, planted: Planted, colleague: str) -> None:
    ids = planted.ids
    mail = Mail(
        key=f"receipt_{ids['receipt']}",
        kind="receipt",
        transaction_id=ids["receipt"],
        recipient=TOM,
        subject="Corner Shop: your receipt",
        text="Thank you",
        html="Thank you",
        state="sent",
        created_at=now - DAY,
        sent_at=now - DAY,
    )
    session.add(mail)
    session.flush()
    told = {"transaction_id": ids["receipt"], "subject": mail.id}
    history.record(session, "mail", "mail.receipt.sent", **told).at = now - DAY
    for name, email_days, reason in (("disputed", 3, "fraudulent"), ("disputed for long", 19, "")):
        transaction = session.get_one(Transaction, ids[name])
        session.add(
            Dispute(
                transaction_id=ids[name],
                stripe_dispute_id=f"dp_{ids[name]}",
                state="needs_response",
                funds="withdrawn",
                reason=reason or "product_not_received",
                amount=transaction.amount,
                currency="usd",
                due_by=now + email_days * DAY,
                stripe_data={},
                opened_at=now - 2 * DAY,
            )
        )
    refund = Refund(
        transaction_id=ids["refunded"],
        state="succeeded",
        amount=4800,
        currency="usd",
        reason=WHY_REFUNDED,
        requested_by=colleague,
        stripe_refund_id="re_planted",
        created_at=now - 2 * DAY,
    )
    session.add(refund)
    session.flush()
    asked: dict[str, Any] = {"transaction_id": ids["refunded"], "subject": refund.id}
    asked |= {"amount": 4800, "currency": "usd", "reason": WHY_REFUNDED}
    history.record(session, "staff", "refund.requested", actor=colleague, **asked)
    _pay_out(session, planted)


def _pay_out(session: Session, planted: Planted) -> None:
    """What reached the bank on Tuesday is of the days before."""
    day = planted.tuesday
    session.add(
        Payout(
            id="po_tuesday",
            amount=8690,
            currency="usd",
            automatic=True,
            status="paid",
            arrives_at=day,
            made_at=day - DAY,
            listed_at=day,
            stripe_data={},
        )
    )
    session.flush()
    for name, type_, amount, fee, at in (
        ("friday", "charge", 6000, 204, day - 4 * DAY),
        ("saturday", "charge", 4000, 106, day - 3 * DAY),
        ("saturday", "refund", -1000, 0, day - 2 * DAY),
    ):
        session.add(
            PayoutLine(
                id=f"txn_{name}_{type_}",
                payout_id="po_tuesday",
                type=type_,
                source=f"ch_{name}_{type_}",
                amount=amount,
                fee=fee,
                net=amount - fee,
                currency="usd",
                made_at=at,
                about=planted.ids[name],
                transaction_id=planted.ids[name],
            )
        )


@atomic
def _have_outage(session: Session, planted: Planted) -> None:
    """Two payments whose calls Stripe did not answer on Tuesday went through, one failed."""
    began = planted.tuesday
    alerts.raise_alert(session, "breaker_open", "breaker:planted", OUTAGE, severity="critical")
    alert = session.scalars(select(Alert).where(Alert.key == "breaker:planted")).one()
    alert.first_at = alert.last_at = began
    alert.acknowledged_at, alert.acknowledged_by = began + dt.timedelta(minutes=18), "system"
    for name in ("first of outage", "second of outage", "failed in outage"):
        called = history.record(
            session,
            "stripe",
            "stripe.confirm",
            transaction_id=planted.ids[name],
            verdict=Verdict.UNKNOWN,
            milliseconds=10_000,
        )
        called.at = began + dt.timedelta(minutes=5)
