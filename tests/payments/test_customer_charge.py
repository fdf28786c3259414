"""Charging a customer's saved card, and what every payable has."""

from __future__ import annotations

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer
from payments_app.orders.models import Order
from tests.bystanders import own
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.fixture
def saved_card(driver: PaymentDriver) -> str:
    """The id of a customer whose Visa is saved at Stripe."""

    def post(path: str, **fields: str) -> str:
        answer = requests.post(
            driver.config.stripe_api_base + path,
            auth=(driver.config.stripe_secret_key, ""),
            data=fields,
            timeout=10,
        )
        answer.raise_for_status()
        found: str = answer.json()["id"]
        return found

    stripe_id = post("/v1/customers", email="ada@example.com")
    card = post("/v1/payment_methods/pm_card_visa/attach", customer=stripe_id)

    @atomic
    def save(session: Session) -> str:
        customer = customer_for(session, "ada@example.com")
        customer.stripe_customer_id, customer.default_payment_method_id = stripe_id, card
        return customer.id

    return save()


@atomic
def charge(session: Session, customer_id: str, amount: int, **more: str) -> str:
    return session.get_one(Customer, customer_id).charge(amount, **more).id


def test_a_customer_is_charged_off_session_by_the_one_service(
    driver: PaymentDriver, saved_card: str
) -> None:
    transaction = charge(saved_card, 1500)
    driver.work()
    found = driver.read(transaction)
    assert (found.phase, found.amount, found.description) == ("complete", 1500, "Payment")
    assert [intent["customer"] for intent in driver.intents()] == [found.stripe_customer_id]


def test_a_customer_may_be_charged_in_parallel(driver: PaymentDriver, saved_card: str) -> None:
    both = [charge(saved_card, 1500), charge(saved_card, 2500)]
    driver.work()
    assert {driver.read(transaction).phase for transaction in both} == {"complete"}


@pytest.mark.parametrize("amount", [0, -300])
def test_nothing_to_charge_is_a_success_of_nothing(
    driver: PaymentDriver, saved_card: str, amount: int
) -> None:
    transaction = charge(saved_card, amount)
    driver.work()
    found = driver.read(transaction)
    assert (found.success, found.amount) == (True, 0)
    assert found.stripe_data == {"type": "zero_amount"}
    assert driver.intents() == []


def test_a_customer_has_every_attempt_newest_first(driver: PaymentDriver) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    second = driver.pay("pm_card_visa", order)
    customer = db.session.scalars(select(Customer).where(own(Customer))).one()
    assert [transaction.id for transaction in customer.transactions] == [second, first]
    assert [record.role for record in customer.payment_records] == ["customer", "customer"]


def test_a_payable_has_its_own_attempts(driver: PaymentDriver) -> None:
    mine, other = driver.create_order(), driver.create_order()
    transaction = driver.pay(order=mine)
    driver.pay(order=other)
    order = db.session.get_one(Order, mine)
    assert [found.id for found in order.transactions] == [transaction]
    assert order.payment_description == f"Order #{order.number}"
