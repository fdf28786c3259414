"""Subscriptions that Stripe bills itself are linked to the customer whom Stripe names."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def post(driver: PaymentDriver) -> WebhookSender:
    know_ada()
    return WebhookSender(driver)


@atomic
def know_ada(session: Session) -> None:
    customer_for(session, "ada@example.com").stripe_customer_id = "cus_ada"


def send_event(post: WebhookSender, kind: str, **content: str) -> None:
    """Stripe sends the event twice."""
    event = create_event(kind, **content)
    assert [post.send(event).status_code, post.send(event).status_code] == [200, 200]
    post.driver.work("payment_standard")
    db.session.rollback()


def links(what: str) -> list[str | None]:
    ada = db.session.scalars(select(Customer.id).where(own(Customer))).one()
    query = select(HistoryEntry.what).where(HistoryEntry.subject == ada)
    return [found for found in db.session.scalars(query) if found == what]


def test_a_subscription_made_at_stripe_is_linked_to_its_customer_once(post: WebhookSender) -> None:
    send_event(post, "customer.subscription.created", id="sub_1", customer="cus_ada")
    assert len(links("customer.subscribed_at_stripe")) == 1


def test_an_invoice_that_failed_at_stripe_sets_the_payment_status(post: WebhookSender) -> None:
    send_event(post, "invoice.payment_failed", id="in_1", customer="cus_ada")
    assert (
        db.session.scalars(select(Customer.payment_status).where(own(Customer))).one()
        == "payment_failed"
    )


def test_an_invoice_of_somebody_unknown_here_changes_nobody(post: WebhookSender) -> None:
    send_event(post, "invoice.payment_failed", id="in_1", customer="cus_who")
    assert db.session.scalars(select(Customer.payment_status).where(own(Customer))).one() is None
