"""The transactions of a payable: all of them, and nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.models import Customer
from payments_app.orders.models import Order
from payments_app.payments.models import Role
from payments_app.payments.queries import (
    active_attempt,
    attempts_like,
    joined,
    payable_id_of,
)
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
DECLINED = "pm_card_visa_chargeDeclined"


def like(transaction_id: str) -> set[str]:
    return {found.id for found in db.session.scalars(attempts_like(transaction_id))}


@atomic
def charge_alone(session: Session, customer_id: str) -> str:
    return session.get_one(Customer, customer_id).charge(0).id


def test_attempts_like_one_are_those_for_the_same_thing(
    driver: PaymentDriver,
) -> None:
    order = driver.create_order()
    first = driver.pay(DECLINED, order)
    second = driver.pay("pm_card_visa", order)
    other = driver.pay()
    assert like(first) == like(second) == {first, second}
    assert like(other) == {other}


def test_a_charge_of_the_customer_alone_is_like_no_other(driver: PaymentDriver) -> None:
    paid = driver.pay()
    customer = db.session.scalars(joined(paid, Role.CUSTOMER)).one()
    alone = charge_alone(customer)
    assert like(alone) == set()
    assert like(paid) == {paid}
    assert db.session.scalars(joined(alone, Role.CUSTOMER)).one() == customer


def test_the_active_attempt_is_the_one_that_did_not_fail(driver: PaymentDriver) -> None:
    order, other = driver.create_order(), driver.create_order()
    driver.pay(DECLINED, order)
    assert active_attempt(db.session(), Order.payable_type, order) is None
    paid = driver.pay("pm_card_visa", order)
    driver.pay(order=other)
    active = active_attempt(db.session(), Order.payable_type, order)
    assert active is not None
    assert active.id == paid


def test_what_a_payment_is_for_is_asked_by_its_type(driver: PaymentDriver) -> None:
    order = driver.create_order()
    paid = driver.pay(order=order)
    assert payable_id_of(db.session(), paid, Order.payable_type) == order
    assert payable_id_of(db.session(), paid, Customer.payable_type) is None
