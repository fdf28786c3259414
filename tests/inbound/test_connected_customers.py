"""What a merchant's account says of its own customers is nothing of ours."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.customers.models import Customer
from tests.inbound.test_building import built, create_customer, customers_of
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("kind", ["invoice.payment_failed", "customer.subscription.created"])
@pytest.mark.parametrize("direct", [True, False])
def test_a_merchants_bill_is_not_our_customers(
    post: WebhookSender, driver: PaymentDriver, kind: str, direct: bool
) -> None:
    account = account_id(create_ready_merchant(driver, "direct"))
    customer = create_customer(stripe_customer_id="cus_1")
    event = create_event(kind, id=f"in_{secrets.token_hex(8)}", customer="cus_1")
    post.send(event | ({"account": account} if direct else {}))
    driver.work("payment_critical", "payment_standard")
    db.session.rollback()
    status = db.session.get_one(Customer, customer).payment_status
    told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.subject == customer)).all()
    assert post.state(event) == "processed"
    assert bool(told) == (not direct)
    assert (status is None) == (direct or kind != "invoice.payment_failed")


def test_a_payment_on_a_merchants_account_is_of_nobody_by_the_customers_id(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    """A merchant may give its own customer the id that Stripe gave ours."""
    customer, merchant = create_customer(), create_ready_merchant(driver, "direct")
    sell(driver, merchant)  # so that our application is known
    account = account_id(merchant)
    theirs = api(driver, "POST", "customers", account, email="eve@example.com")["id"]
    name_customer(customer, theirs)
    wish = {"amount": 2500, "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
    wish |= {"allowed_payment_method_types[]": "card", "customer": theirs}
    intent = api(driver, "POST", "payment_intents", account, **wish)
    post.send(create_event(id=intent["id"]) | {"account": account})
    assert built(intent).email == "eve@example.com"
    assert customer not in customers_of(built(intent))


@atomic
def name_customer(session: Session, customer: str, stripe_customer: str) -> None:
    session.get_one(Customer, customer).stripe_customer_id = stripe_customer
