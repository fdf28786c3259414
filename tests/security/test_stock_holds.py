"""Unfinished payments hold no more of a product's stock than a part of it."""

from __future__ import annotations

import datetime as dt
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.ops.clean_up import clean_up
from payments_app.orders.large_holds import FORGIVEN_SECONDS, end_grown_holds
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from payments_app.orders.stock_holds import LARGE_HOLD_SECONDS, StockHold
from payments_app.payments.models import PaymentRecord, Transaction
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.own_worker import work

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
NEEDS_BANK = "pm_card_threeDSecure2Required"
SLUG = "field-notes"


@atomic
def set_stock(session: Session, stock: int | None) -> None:
    session.execute(update(Product).where(Product.slug == SLUG).values(stock=stock))


@atomic
def grow_older(session: Session, seconds: int) -> None:
    earlier = dt.timedelta(seconds=seconds)
    for row in session.scalars(select(Transaction).where(own(Transaction))):
        row.phase_at -= earlier
    for order in session.scalars(select(Order).where(own(Order))).unique():
        order.created_at -= earlier
    for record in session.scalars(select(PaymentRecord).where(own(PaymentRecord))):
        record.created_at -= earlier
    for message in session.scalars(select(Message).where(own(Message), Message.done_at.is_(None))):
        message.available_at -= earlier


class Shop:
    """With so many pieces, and buyers at addresses."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def fill(self, stock: int | None) -> None:
        with self.app.app_context():
            set_stock(stock)

    def left(self) -> int | None:
        with self.app.app_context():
            return db.session.scalars(select(Product.stock).where(Product.slug == SLUG)).one()

    def holds(self) -> int:
        with self.app.app_context():
            return len(db.session.scalars(select(StockHold)).all())

    def wait(self, seconds: int) -> None:
        """Let everything be older, and do what is due."""
        with self.app.app_context():
            grow_older(seconds)
            work("charges")
            work("payment_standard")

    def end_grown_holds(self) -> None:
        with self.app.app_context():
            end_grown_holds()
        self.wait(0)

    def answer_bank(self, buyer: CheckoutClient, transaction_id: str, answer: str) -> None:
        """The buyer's answer to the bank, and what is done once it is known."""
        self.tell_bank(buyer, transaction_id, answer)
        self.wait(0)

    def tell_bank(self, buyer: CheckoutClient, transaction_id: str, answer: str) -> None:
        """The same, while nobody follows the payment yet."""
        with self.app.app_context():
            intent = db.session.get_one(Transaction, transaction_id).stripe_data or {}
        page = intent["next_action"]["use_stripe_sdk"]["stripe_js"]
        urlopen(page, f"answer={answer}".encode()).close()
        buyer.client.post(f"/transactions/{transaction_id}/checks", json={})
        buyer.work()

    def clean_up(self, after: int) -> None:
        with self.app.app_context():
            grow_older(after)
            clean_up()

    def buyer(self, address: str) -> CheckoutClient:
        client = self.app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return CheckoutClient(self.app, client)


@pytest.fixture
def shop(app: Flask) -> Shop:
    with app.app_context():
        add_demo_products()
    return Shop(app)


def test_one_buyer_s_unfinished_bank_checks_never_hold_the_whole_stock(shop: Shop) -> None:
    shop.fill(8)
    buyer, answers = shop.buyer("192.0.2.1"), []
    for address in ("192.0.2.1", "198.51.100.1"):  # a buyer who moves is the same buyer
        buyer.client.environ_base["REMOTE_ADDR"] = address
        answers += [buyer.post(payment_method=NEEDS_BANK, quantity=2) for _ in range(2)]
        buyer.work()
    assert [answer.status_code for answer in answers] == [202, 202, 409, 409]
    error = answers[-1].json["error"]
    assert error["code"] == "hold_limit"
    assert error["message"].startswith("At most 4 of Field notes can be held for one buyer until")
    assert "unfinished payments hold 4." in error["message"]
    assert shop.left() == 4
    assert shop.buyer("203.0.113.1").post(quantity=4).status_code == 202


def test_all_that_is_left_can_be_bought_in_one_order(shop: Shop) -> None:
    shop.fill(3)
    shop.buyer("192.0.2.1").pay(quantity=3)
    with shop.app.app_context():
        work("payment_standard")
    assert (shop.holds(), shop.left()) == (0, 0)


def test_whoever_leaves_an_order_of_everything_holds_it_for_minutes_and_not_again(
    shop: Shop,
) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    assert buyer.post(payment_method=NEEDS_BANK, quantity=4).status_code == 202
    buyer.work()
    assert shop.left() == 0
    shop.wait(LARGE_HOLD_SECONDS)
    assert shop.left() == 4
    refused = buyer.post(payment_method=NEEDS_BANK, quantity=4)
    assert refused.json["error"]["message"] == (
        "At most 2 of Field notes can be held for one buyer until they are paid for, since a "
        "payment was left unfinished. Order fewer, or try again in an hour."
    )
    assert shop.buyer("192.0.2.1").post(quantity=4).status_code == 409  # another of its browsers
    assert shop.buyer("203.0.113.1").post(quantity=4).status_code == 202


@pytest.mark.parametrize(
    ("card", "answer"),
    [(NEEDS_BANK, "fail"), ("pm_card_threeDSecureRequiredChargeDeclined", "complete")],
)
def test_whoever_does_not_pass_the_bank_s_check_does_not_hold_everything_again(
    shop: Shop, card: str, answer: str
) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    transaction = buyer.pay(card, quantity=4)
    shop.wait(LARGE_HOLD_SECONDS - 60)
    assert shop.left() == 0
    shop.answer_bank(buyer, transaction, answer)
    assert buyer.status(transaction)["state"] == "failed"
    assert shop.left() == 4
    assert buyer.post(payment_method=NEEDS_BANK, quantity=4).status_code == 409
    assert buyer.post(quantity=2).status_code == 202
    assert shop.buyer("203.0.113.1").post(quantity=2).status_code == 202


def test_an_order_of_a_part_is_held_for_the_usual_time(shop: Shop) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    assert buyer.post(payment_method=NEEDS_BANK, quantity=2).status_code == 202
    buyer.work()
    shop.wait(LARGE_HOLD_SECONDS)
    assert shop.left() == 2


def test_a_payment_left_unfinished_is_forgiven_in_an_hour(shop: Shop) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    buyer.post(payment_method=NEEDS_BANK, quantity=4)
    buyer.work()
    shop.wait(LARGE_HOLD_SECONDS)
    shop.clean_up(after=FORGIVEN_SECONDS - LARGE_HOLD_SECONDS - 60)
    assert shop.holds() == 1
    shop.clean_up(after=120)
    assert shop.holds() == 0
    assert buyer.post(quantity=4).status_code == 202


def test_what_was_ordered_long_before_it_was_left_is_not_forgiven_sooner(shop: Shop) -> None:
    shop.fill(4)
    buyer, card = shop.buyer("192.0.2.1"), "pm_card_visa_chargeDeclined"
    order = buyer.order_of(buyer.pay(card, quantity=4))
    shop.wait(2 * FORGIVEN_SECONDS)
    assert buyer.post(item=order, payment_method=NEEDS_BANK).status_code == 202
    buyer.work()
    shop.wait(LARGE_HOLD_SECONDS)
    assert shop.left() == 4
    shop.clean_up(after=0)
    assert buyer.post(payment_method=NEEDS_BANK, quantity=4).status_code == 409


def test_the_addresses_of_one_network_hold_together(shop: Shop) -> None:
    shop.fill(8)
    answers = [
        shop.buyer(f"2001:db8:0:1::{number:x}").post(payment_method=NEEDS_BANK, quantity=1)
        for number in range(1, 9)
    ]
    assert [answer.status_code for answer in answers] == [202] * 4 + [409] * 4
    words = "At most 4 of Field notes can be held for the buyers of one network"
    assert words in answers[-1].json["error"]["message"]
    assert shop.left() == 4
    assert shop.buyer("2001:db8:0:2::1").post(quantity=1).status_code == 202


def test_the_last_piece_can_be_bought(shop: Shop) -> None:
    shop.fill(1)
    assert shop.buyer("192.0.2.1").post(quantity=1).status_code == 202
    assert shop.left() == 0


def test_the_last_piece_is_held_for_minutes(shop: Shop) -> None:
    shop.fill(1)
    buyer = shop.buyer("192.0.2.1")
    assert buyer.post(payment_method=NEEDS_BANK, quantity=1).status_code == 202
    buyer.work()
    shop.wait(LARGE_HOLD_SECONDS)
    assert shop.left() == 1


def test_two_networks_of_one_home_hold_the_last_of_it_for_minutes(shop: Shop) -> None:
    shop.fill(4)
    for address in ("192.0.2.1", "2001:db8::1"):
        buyer = shop.buyer(address)
        assert buyer.post(payment_method=NEEDS_BANK, quantity=2).status_code == 202
        buyer.work()
    assert shop.left() == 0
    shop.wait(LARGE_HOLD_SECONDS)
    assert shop.left() == 2


def test_what_became_the_last_of_it_is_held_for_minutes(shop: Shop) -> None:
    """As others bought the rest. Who waits less long, for a part, is left alone."""
    shop.fill(6)
    for address, quantity in (("192.0.2.1", 2), ("198.51.100.1", 1)):
        buyer = shop.buyer(address)
        assert buyer.post(payment_method=NEEDS_BANK, quantity=quantity).status_code == 202
        buyer.work()
        shop.wait(1)
    shop.buyer("203.0.113.1").pay(quantity=3)
    shop.wait(LARGE_HOLD_SECONDS)
    assert shop.left() == 0
    for _ in range(2):
        shop.end_grown_holds()
        assert shop.left() == 2


def test_what_others_buying_made_large_is_held_for_minutes(shop: Shop) -> None:
    shop.fill(10)
    buyer = shop.buyer("192.0.2.1")
    assert buyer.post(payment_method=NEEDS_BANK, quantity=5).status_code == 202
    buyer.work()
    shop.buyer("203.0.113.1").pay(quantity=3)
    shop.end_grown_holds()
    shop.wait(LARGE_HOLD_SECONDS - 60)
    shop.end_grown_holds()
    assert shop.left() == 2
    shop.wait(60)
    shop.end_grown_holds()
    assert shop.left() == 7


def test_a_part_that_stays_one_is_held_for_the_usual_time(shop: Shop) -> None:
    shop.fill(10)
    for address in ("192.0.2.1", "198.51.100.1"):
        buyer = shop.buyer(address)
        assert buyer.post(payment_method=NEEDS_BANK, quantity=4).status_code == 202
        buyer.work()
    shop.wait(LARGE_HOLD_SECONDS)
    shop.end_grown_holds()
    assert shop.left() == 2


def test_what_is_not_counted_is_refused_to_nobody(shop: Shop) -> None:
    shop.fill(None)
    buyer = shop.buyer("192.0.2.1")
    answers = [buyer.post(payment_method=NEEDS_BANK, quantity=10) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 5
    assert shop.holds() == 0


def test_what_failed_is_held_no_more(shop: Shop) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    buyer.pay("pm_card_visa_chargeDeclined", quantity=4)
    with shop.app.app_context():
        work("payment_standard")
    assert (shop.holds(), shop.left()) == (0, 4)
    assert buyer.post(quantity=4).status_code == 202


def test_what_is_paid_for_is_held_no_more(shop: Shop) -> None:
    shop.fill(4)
    shop.buyer("192.0.2.1").pay(quantity=2)
    with shop.app.app_context():
        work("payment_standard")
    assert (shop.holds(), shop.left()) == (0, 2)
