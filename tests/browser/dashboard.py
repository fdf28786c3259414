"""A dashboard that has something on every page, and addresses of all of them."""

from __future__ import annotations

import datetime as dt
import time
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

from flask import Flask, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.accounts.api_keys import ApiKey
from payments_app.accounts.password_links import invite
from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.core.money import Money
from payments_app.core.web import links, one_time_links
from payments_app.customers.models import Customer, SavedCard
from payments_app.customers.recognise import PATH, PURPOSE
from payments_app.merchants.endpoints import new_secret
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import ConnectedAccount, Endpoint, Merchant
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.answer_models import DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Finding, Payout, PayoutLine
from payments_app.settlement.models import Batch
from payments_app.staff.payments.saved_filters import save_filter
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.periods import Period
from tests.accounts.staff_driver import StaffDriver
from tests.staff.stored_payments import StoredPayments

# Longer than its column where there is little room.
LONG = "axel.otterson@buyers.example.com"


class Dashboard:
    """`values` are what the addresses of pages need; `token` is an administrator's cookie."""

    def __init__(self, app: Flask) -> None:
        staff_driver, stored_payments = StaffDriver(app), StoredPayments(app)
        admin = staff_driver.signed_in("admin", "axe@example.com")
        staff_driver.member("mara.colleague@example.com", "support")
        self.app, self.token = app, admin.token
        made = utcnow() - dt.timedelta(hours=1)
        paid = stored_payments.payment(email=LONG, created_at=made)
        stored_payments.payment(email=LONG, created_at=made + dt.timedelta(minutes=1))
        stored_payments.decline(email="axe@example.com")
        self.values: dict[str, Any] = {
            "transaction_id": paid,
            "customer_id": stored_payments.customer_id(LONG),
            **staff_driver.do(_fill, paid),
            **staff_driver.do(_send, paid),
        }
        self.values["request_id"] = staff_driver.do(_ask)
        self.values |= staff_driver.do(_subscribe, str(self.values["customer_id"]))
        self.values |= staff_driver.do(_consent, str(self.values["customer_id"]), paid)
        (created, *_) = staff_driver.entries("staff.created")
        filters = {"status": "failed", "currency": "usd"}
        staff_driver.do(save_filter, created.subject, "Failed in dollars", filters)

    def password_link(self) -> str:
        """A new member's, as an administrator hands it over."""
        token = StaffDriver(self.app).do(invite, f"{new_id('new')}@example.com", "viewer", "system")
        return f"/staff/password/new?token={token}"

    def account_link(self) -> str:
        """What a buyer with two saved cards was mailed."""
        return StaffDriver(self.app).do(_link_to_cards, str(self.values["customer_id"]))

    def sent_mail(self) -> str:
        """The page of a mail in the demo's mailbox."""
        directory, name = self.app.config["CONFIG"].data_dir / "mails", f"{time.time_ns()}"
        directory.mkdir(exist_ok=True)
        sent_mail = EmailMessage()
        sent_mail["From"], sent_mail["To"] = "shop@example.com", "axe@example.com"
        sent_mail["Date"] = utcnow()
        sent_mail["Subject"] = "Your receipt from Corner Shop: $10.99"
        sent_mail.set_content("Thank you.\n\nhttps://example.com/a/rather/long/address?token=abc")
        sent_mail.add_alternative("<p>Thank you.</p>", subtype="html")
        (directory / f"{name}.eml").write_bytes(sent_mail.as_bytes())
        return f"/demo/mails/{name}"

    def address(self, endpoint: str) -> str:
        """Of a page, with what this dashboard holds."""
        rule = next(r for r in self.app.url_map.iter_rules() if r.endpoint == endpoint)
        with self.app.test_request_context():
            return url_for(endpoint, **{name: self.values[name] for name in rule.arguments})


@atomic
def _consent(session: Session, customer_id: str, paid: str) -> dict[str, Any]:
    """An application may charge a card of theirs."""
    key = ApiKey(
        id="key_test",
        name="Tea Rooms",
        scopes=["payments:read"],
        secret_hash="none",
        ends_in="axe1",
        created_by="system",
    )
    called = ApplicationCustomer(application=key.id, reference="axe", email="axe@example.com")
    card = SavedCard(
        customer_id=customer_id,
        payment_method=new_id("pm"),
        stripe_customer_id="cus_axe",
        brand="visa",
        last4="1881",
        exp_month=12,
        exp_year=2034,
    )
    session.add_all([key, called, card])
    session.flush()
    consent = CardConsent(
        customer_id=called.id,
        card_id=card.id,
        transaction_id=paid,
        words="Kept",
        version="1",
        given_at=utcnow(),
    )
    session.add(consent)
    session.flush()
    return {"consent_id": consent.id}


def _ask() -> str:
    wish = Wish(Money(4000, "usd"), "The lamp that was missing", email="axe@example.com")
    return ask(wish, "key_test")[0]


@atomic
def _fill(session: Session, paid: str) -> dict[str, Any]:
    now = utcnow()
    session.add_all(
        [
            Dispute(
                transaction_id=paid,
                stripe_dispute_id=f"dp_{paid}",
                state="needs_response",
                funds="withdrawn",
                reason="fraudulent",
                amount=1099,
                currency="usd",
                due_by=now + dt.timedelta(days=3),
                stripe_data={},
                opened_at=now,
            ),
            Refund(
                transaction_id=paid,
                state="failed",
                amount=100,
                currency="usd",
                reason="A gesture",
                requested_by="system",
            ),
        ]
    )
    session.flush()
    dispute_id = session.scalars(select(Dispute.id).where(Dispute.transaction_id == paid)).one()
    answer = DisputeAnswer(dispute_id=dispute_id, to_state="needs_response", saved_by="system")
    answer.evidence, answer.revision = {"uncategorized_text": "They got it.\nTwice."}, 1
    file = EvidenceFile(
        dispute_id=dispute_id,
        field="receipt",
        filename="receipt.pdf",
        media_type="application/pdf",
        size=5,
        content=b"%PDF-",
        added_by="system",
    )
    session.add_all([answer, file])
    finding = Finding(
        kind="stuck_pending",
        subject=paid,
        severity="critical",
        fix="revive",
        transaction_id=paid,
        about_at=now,
        details={"phase": "created"},
    )
    dead = Message(
        queue="default",
        command="reports.aggregate",
        subject="all",
        dedupe_key=f"axe:{paid}",
        available_at=now,
        dead_at=now,
        last_error="ValueError: no",
    )
    merchant = Merchant(name="Axe and Sons", email="axe@example.com")
    session.add(merchant)
    session.flush()
    batch = Batch(
        merchant_id=merchant.id,
        business_day=dt.date(2026, 1, 5),
        currency="usd",
        timezone="UTC",
        starts_at=now,
        ends_at=now + dt.timedelta(days=1),
    )
    payout = Payout(
        id="po_axe",
        amount=1037,
        currency="usd",
        automatic=True,
        status="paid",
        arrives_at=now,
        made_at=now,
        listed_at=now,
        stripe_data={},
    )
    session.add_all([finding, dead, batch, payout])
    session.flush()
    session.add(
        PayoutLine(
            id="txn_axe",
            payout_id=payout.id,
            type="charge",
            source="ch_axe",
            amount=1099,
            fee=62,
            net=1037,
            currency="usd",
            made_at=now,
            about=paid,
            transaction_id=paid,
        )
    )
    _sell(session, merchant, paid)
    alerts.raise_alert(session, "axe", "axe", "Something to look at", severity="critical")
    alerts.raise_alert(session, "breaker_open", "breaker:axe", "Stripe did not answer")
    session.flush()
    incident = session.scalars(select(Alert.id).where(Alert.key == "breaker:axe")).one()
    ids = {"finding_id": finding.id, "message_id": dead.id, "batch_id": batch.id}
    ids |= {"dispute_id": dispute_id, "queue": "default"}
    return {**ids, "payout_id": payout.id, "alert_id": incident}


def _sell(session: Session, merchant: Merchant, paid: str) -> None:
    """The payment is a sale of this merchant's, with a record on both sides."""
    account = {"charge_type": "destination", "stripe_account_id": "acct_axe"}
    session.add(ConnectedAccount(merchant_id=merchant.id, country="US", **account))
    transaction = session.get_one(Transaction, paid)
    transaction.connected_account_id, transaction.charge_type = "acct_axe", "destination"
    record: dict[str, Any] = {"transaction_id": paid, "amount": 1099, "currency": "usd"}
    record |= {"fee": 62, "net": 1037, "balance_currency": "usd", "made_at": utcnow()}
    for side, kind, stripe_id in (
        ("platform", "transfer", "tr_axe"),
        ("merchant", "payment", "py_axe"),
    ):
        session.add(ConnectRecord(side=side, kind=kind, stripe_id=stripe_id, **record))


@atomic
def _send(session: Session, paid: str) -> dict[str, Any]:
    """A receipt that went out, and a webhook that was given up: the shop's own sale."""
    shop = default_merchant(session)
    endpoint = Endpoint(merchant_id=shop.id, url="https://axe.example/hook", secret=new_secret())
    mail = Mail(
        key=f"receipt_{paid}",
        kind="receipt",
        transaction_id=paid,
        recipient="axe@example.com",
        subject="Your receipt",
        text="Thank you",
        html="Thank you",
        state="sent",
    )
    event = WebhookEvent(
        id=f"webhook_{paid}_payment_captured",
        type="payment_captured",
        merchant_id=shop.id,
        transaction_id=paid,
        body="{}",
    )
    sale = PaymentRecord(transaction_id=paid, payable_id=shop.id, role="merchant", active=True)
    sale.payable_type, sale.created_at = "merchant", utcnow()
    session.add_all([endpoint, mail, event, sale])
    session.flush()
    delivery = Delivery(event_id=event.id, endpoint_id=endpoint.id, state="dead")
    session.add(delivery)
    session.flush()
    return {"delivery_id": delivery.id}


@atomic
def _subscribe(session: Session, customer_id: str) -> dict[str, Any]:
    """A subscription of which one period is paid, and the next one could not be."""
    slug = new_id("plan")
    plan = Plan(slug=slug, name="The tea box", amount=1500, currency="usd", interval="month")
    session.add(plan)
    session.flush()
    starts = [dt.date(2026, month, 1) for month in (1, 2, 3)]
    found = Subscription(
        plan_id=plan.id,
        customer_id=customer_id,
        status="past_due",
        anchor_day=1,
        current_start=starts[0],
        current_end=starts[1],
        billed_until=starts[2],
    )
    session.add(found)
    session.flush()
    for start, end in pairwise(starts):
        period = Period(
            subscription_id=found.id,
            start=start,
            end=end,
            amount=1500,
            currency="usd",
            description=plan.description,
        )
        period.paid_at = utcnow() if start == starts[0] else None
        period.failed_at = period.next_try_at = None if period.paid_at else utcnow()
        session.add(period)
    return {"subscription_id": found.id, "name": "end"}


@atomic
def _link_to_cards(session: Session, customer_id: str) -> str:
    kept = select(SavedCard.last4).where(SavedCard.customer_id == customer_id)
    for last4 in sorted({"4242", "0005"}.difference(session.scalars(kept))):
        session.add(
            SavedCard(
                customer_id=customer_id,
                payment_method=new_id("pm"),
                stripe_customer_id="cus_axe",
                brand="visa",
                last4=last4,
                exp_month=12,
                exp_year=2034,
                joined_at=utcnow(),
            )
        )
    email = session.get_one(Customer, customer_id).email
    token = one_time_links.make(session, PURPOSE, customer_id, email, "/account")
    return links.absolute(PATH + token)
