"""Abroad: a shop that met payments in currencies that it does not sell in."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.merchants.models import Endpoint
from payments_app.notices.webhook_models import Delivery
from payments_app.orders.product_models import Product
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payments.disputes.answer import add_file, save_draft
from payments_app.payments.disputes.answer_models import EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.request import request_refund
from payments_app.reconcile.models import Finding
from payments_app.reconcile.read_payout import read as read_payout
from payments_app.staff.reports.aggregate import aggregate
from payments_app.subscriptions.models import Plan
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.customers.mailed_link import link_for, press_continue
from tests.inbound.webhook_sender import WebhookSender
from tests.ledger.concurrency import claim
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours
from tests.settlement.books import batches, end_days


class Abroad:
    """One payment in rupees and one of an invented code, made at Stripe by ada@example.com; the
    usual ones beside them. All that follows is done, and the days are closed."""

    # Signed links, ids of things that this world has not, and what answers by a mail's file.
    ELSEWHERE: ClassVar = {"token", "filename", "name", "message_id", "subscription_id", "alert_id"}

    def __init__(self, app: Flask, receiver: Receiver) -> None:
        self.driver = PaymentDriver(app)
        self.post = WebhookSender(self.driver)
        self.endpoint = receiver.listen()
        add_product()
        wish = Wish(Money(1000, "usd"), "What is owed", return_url="https://shop.example.com/")
        self.asked = ask(wish, "key_test")[0]
        self.usd = self.driver.pay()
        self.pkr = self.pay("pkr")
        self.xyz = self.pay("xyz")
        self.declined = self.pay("pkr", card="pm_card_visa_chargeDeclined")
        self.disputed = self.pay("pkr", card="pm_card_createDispute")
        self.unreported = self.post.pay_elsewhere(currency="pkr", amount="77700")["id"]
        self.driver.work_all_waiting()
        self.refund = request_refund(self.pkr, 5000, reason="It broke", actor="ada")
        self.driver.work_all_waiting()
        compare_last_hours()
        aggregate()
        end_days()
        self.driver.work_all_waiting()
        self.draft()
        self.payout = self.driver.sandbox("POST", "/_sandbox/payouts", currency="pkr")["id"]
        read_payout(self.payout, claim(self.payout))

    def draft(self) -> None:
        """What the bank of the disputed payment is to be answered."""
        disputed = select(Dispute.id).where(Dispute.transaction_id == self.disputed)
        dispute = db.session.scalars(disputed).one()
        texts = {"uncategorized_text": "They got it"}
        save_draft(dispute, texts, revision=0, actor="ada")
        add_file(dispute, "receipt", "a.pdf", b"%PDF-1.4", revision=1, actor="ada")
        self.driver.work()

    def pay(self, currency: str, card: str = "pm_card_visa", amount: int = 123_450) -> str:
        """A payment made at Stripe that we hear of by its events; the id of its transaction."""
        known = currency != "xyz"
        intent = self.post.pay_elsewhere(
            card,
            amount=str(amount),
            currency=currency if known else "usd",
            receipt_email="ada@example.com",
        )
        if not known:
            self.rename(intent["id"], currency)
        paid = intent["status"] == "succeeded"
        what = "succeeded" if paid else "payment_failed"
        self.post.send(self.post.told(f"payment_intent.{what}", intent["id"]))
        if card == "pm_card_createDispute":
            self.post.send(self.post.told("charge.dispute.created"))
        return self.of(intent["id"])

    def rename(self, intent_id: str, currency: str) -> None:
        """The stand-in takes no code that Stripe does not have: let it have one more."""
        intent = self.driver.sandbox("GET", f"/v1/payment_intents/{intent_id}")
        charge = self.driver.sandbox("GET", f"/v1/charges/{intent['latest_charge']}")
        for kind, id_ in (
            ("payment_intents", intent_id),
            ("charges", charge["id"]),
            ("balance_transactions", charge["balance_transaction"]),
        ):
            self.driver.sandbox("POST", f"/_sandbox/{kind}/{id_}", currency=currency)

    def of(self, intent_id: str) -> str:
        db.session.rollback()
        query = select(Transaction.id).where(Transaction.stripe_payment_id == intent_id)
        return db.session.scalars(query).one()

    def values(self) -> dict[str, list[Any]]:
        """What may stand in an address, by the name of its place there."""
        db.session.rollback()
        paid = [self.usd, self.pkr, self.xyz, self.declined, self.disputed]
        customer = self.driver.read(self.pkr)
        owner = next(r.payable_id for r in customer.records if r.role == "customer")
        return {
            "dispute_id": list(db.session.scalars(select(Dispute.id).where(own(Dispute)))),
            "file_id": list(db.session.scalars(select(EvidenceFile.id))),
            "queue": ["default"],
            "transaction_id": paid,
            "customer_id": [owner],
            "consent_id": ["agr_bystander"],
            "batch_id": [batch.id for batch in batches()],
            "payout_id": [self.payout],
            "finding_id": list(db.session.scalars(select(Finding.id))),
            "endpoint_id": list(db.session.scalars(select(Endpoint.id).where(own(Endpoint)))),
            "delivery_id": list(db.session.scalars(select(Delivery.id).where(own(Delivery)))),
            "payment_id": [self.asked],
            "request_id": [self.asked],
            "refund_id": ["rfd_none"],
            "item": ["rug", "bazaar", sign_name(self.asked)],
            "slug": ["rug"],
        }


@atomic
def add_product(session: Session) -> None:
    session.add(Product(slug="rug", name="Rug", amount=123_450, currency="pkr"))
    session.add(Plan(slug="bazaar", name="Bazaar", amount=123_450, currency="xyz"))


def known_as(app: Flask, world: Abroad) -> dict[str, FlaskClient]:
    """Browsers of staff and of the customer."""
    customer = app.test_client()
    link = link_for(world.values()["customer_id"][0], "/account")
    with app.app_context():  # the test's own would keep the token of another browser
        answer = press_continue(customer, link.removeprefix(app.config["CONFIG"].public_url))
    assert answer.status_code == 303
    return {"staff": StaffDriver(app).signed_in("admin").client, "buyer": customer}
