"""Orders and their goods: held for a payment, released with it, never oversold."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.perform import perform
from payments_app.orders.models import Order
from payments_app.orders.place import place_lines
from payments_app.orders.product_models import Product
from payments_app.payments.payable import NotPayableError
from payments_app.payments.refunds.models import Refund, lock, move
from payments_app.payments.refunds.request import request_refund
from tests.bystanders import own
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


@atomic
def add_product(session: Session, slug: str, stock: int | None, currency: str = "usd") -> None:
    session.add(Product(slug=slug, name=slug.title(), amount=500, currency=currency, stock=stock))


@atomic
def order_of(session: Session, **quantities: int) -> str:
    products = {p.slug: p for p in session.scalars(select(Product).where(own(Product)))}
    return place_lines(session, [(products[slug], n) for slug, n in quantities.items()]).id


def stock(slug: str) -> int | None:
    db.session.rollback()
    return db.session.scalars(select(Product.stock).where(Product.slug == slug)).one()


def test_goods_are_held_while_a_payment_is_under_way(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    driver.open(order=order_of(mug=2))
    assert stock("mug") == 1


def test_a_paid_order_keeps_its_goods_and_is_fulfilled_once(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    order = order_of(mug=2)
    transaction = driver.pay(order=order)
    perform(Claim(0, "payment_standard", "orders.fulfil", order, 0, 0, 0))
    assert (driver.order(order).hold, stock("mug")) == ("taken", 1)
    assert driver.happened(transaction).count("order.fulfilled") == 1


def test_a_failed_payment_puts_the_goods_back(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    order = order_of(mug=2)
    driver.pay("pm_card_visa_chargeDeclined", order)
    assert (driver.order(order).status, driver.order(order).hold) == ("payment_failed", "released")
    assert stock("mug") == 3


def test_a_payment_that_ran_out_of_time_puts_the_goods_back(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    transaction = driver.open(order=order_of(mug=2))
    driver.age(transaction, 16 * 60)
    driver.work()
    assert stock("mug") == 3


def test_another_card_holds_the_goods_again(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    order = order_of(mug=2)
    driver.pay("pm_card_visa_chargeDeclined", order)
    driver.pay("pm_card_visa", order)
    assert (driver.order(order).status, stock("mug")) == ("paid", 1)


def test_a_late_word_of_an_old_failure_takes_nothing_from_the_new_attempt(
    driver: PaymentDriver,
) -> None:
    add_product("mug", 3)
    order = order_of(mug=2)
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    driver.open("pm_card_visa", order)
    perform(Claim(0, "payment_standard", "orders.on_payment", first, 0, 0, 0))
    assert (driver.order(order).hold, stock("mug")) == ("held", 1)


def test_what_is_gone_is_refused_before_anything_is_charged(driver: PaymentDriver) -> None:
    add_product("mug", 1)
    with pytest.raises(NotPayableError, match="Only 1 of Mug left in stock") as refused:
        driver.open(order=order_of(mug=2))
    assert refused.value.code == "sold_out"
    assert stock("mug") == 1


def test_one_line_that_is_gone_leaves_the_others_for_sale(driver: PaymentDriver) -> None:
    add_product("bag", 5)
    add_product("mug", 0)
    with pytest.raises(NotPayableError):
        driver.open(order=order_of(bag=1, mug=1))
    assert stock("bag") == 5


def test_parallel_buyers_never_buy_more_than_there_is(app: Flask, driver: PaymentDriver) -> None:
    add_product("mug", 5)
    orders = [order_of(mug=1) for _ in range(12)]
    sold: list[str] = []

    def buy(order: str) -> None:
        with app.app_context():
            try:
                sold.append(driver.open(order=order))
            except NotPayableError:
                pass
            finally:
                db.session.remove()

    buyers = [threading.Thread(target=buy, args=(order,)) for order in orders]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join(60)
    assert (len(sold), stock("mug")) == (5, 0)


def test_an_order_has_one_currency(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    add_product("tea", 3, currency="jpy")
    with pytest.raises(ValueError, match="one currency"):
        order_of(mug=1, tea=1)


def test_an_order_paid_after_its_goods_were_sold_calls_for_help(driver: PaymentDriver) -> None:
    add_product("mug", 1)
    order = order_of(mug=1)
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    _sell_out()
    driver.confirm_behind_our_back(first, "pm_card_visa")
    with pytest.raises(NotPayableError):
        driver.open(order=order)
    _correct(driver, first)
    assert driver.order(order).status == "paid"
    kinds = set(db.session.scalars(select(Alert.kind)))
    assert "oversold" in kinds


@atomic
def _sell_out(session: Session) -> None:
    session.execute(update(Product).where(own(Product)).values(stock=0))


def _correct(driver: PaymentDriver, transaction_id: str) -> None:
    from payments_app.gateway import charges
    from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state

    intent = driver.read(transaction_id).stripe_payment_id
    apply_stripe_state(transaction_id, charges.retrieve_intent(intent), fresh=True)
    driver.work()


def test_an_order_knows_its_customer_from_the_first_attempt_on(driver: PaymentDriver) -> None:
    add_product("mug", 1)
    order = order_of(mug=1)
    assert db.session.get_one(Order, order).customer_id is None
    _open_for_ada(order)
    assert driver.order(order).customer_id is not None


@atomic
def _open_for_ada(session: Session, order_id: str) -> None:
    from payments_app.customers.find import customer_for
    from payments_app.payments.transactions.open import PaymentSource, open_transaction

    customer = customer_for(session, "ada@example.com")
    open_transaction(
        session,
        session.get_one(Order, order_id),
        customer_id=customer.id,
        email=customer.email,
        source=PaymentSource(payment_method="pm_card_visa"),
    )


@atomic
def give_up_refunds(session: Session) -> None:
    for refund in session.scalars(select(Refund).where(own(Refund))):
        move(session, lock(session, refund.id), "canceled")


def pay_and_refund(driver: PaymentDriver, order: str, amount: int = 1000) -> str:
    """The order is paid, and money is asked back before anything followed."""
    transaction = driver.open(order=order)
    driver.work("charges")
    request_refund(transaction, amount, reason="changed my mind", actor="staff")
    return transaction


def test_an_order_that_was_refunded_before_is_not_fulfilled(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    order = order_of(mug=2)
    transaction = pay_and_refund(driver, order)
    driver.work()
    assert (driver.order(order).fulfilled_at, driver.order(order).status) == (None, "paid")
    assert "order.not_fulfilled" in driver.happened(transaction)
    assert stock("mug") == 3


def test_the_goods_of_a_refunded_order_go_back_once(driver: PaymentDriver) -> None:
    add_product("mug", 3)
    order = order_of(mug=2)
    pay_and_refund(driver, order)
    driver.work()
    perform(Claim(0, "payment_standard", "orders.fulfil", order, 0, 0, 0))
    assert stock("mug") == 3


def test_an_order_waits_while_its_refund_is_under_way(driver: PaymentDriver) -> None:
    order = driver.create_order(1000)
    pay_and_refund(driver, order)
    driver.work("payment_standard")
    assert driver.order(order).fulfilled_at is None
    assert [message.done_at for message in driver.messages("orders.fulfil")] == [None]


def test_an_order_is_fulfilled_after_its_refund_was_refused(driver: PaymentDriver) -> None:
    order = driver.create_order(1000)
    pay_and_refund(driver, order)
    driver.work("payment_standard")
    give_up_refunds()
    driver.work_all_waiting()
    assert driver.order(order).fulfilled_at is not None


def test_an_order_of_which_a_part_was_refunded_is_fulfilled(driver: PaymentDriver) -> None:
    order = driver.create_order(1000)
    pay_and_refund(driver, order, 400)
    driver.work()
    assert driver.order(order).fulfilled_at is not None
