"""Unfinished payments hold no more of a product's stock than a part of it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.orders.models import Product
from payments_app.orders.stock_holds import StockHold
from tests.checkout.checkout_client import CheckoutClient
from tests.own_worker import work

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
NEEDS_BANK = "pm_card_threeDSecure2Required"
SLUG = "field-notes"


@atomic
def set_stock(session: Session, stock: int | None) -> None:
    session.execute(update(Product).where(Product.slug == SLUG).values(stock=stock))


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


def test_one_order_can_t_hold_the_whole_stock(shop: Shop) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    refused = buyer.post(quantity=4)
    assert refused.json["error"]["message"] == (
        "At most 2 of Field notes can be held for one buyer until they are paid for. Order fewer, "
        "and more once those are paid for."
    )
    buyer.pay(quantity=2)
    assert (shop.left(), refused.status_code) == (2, 409)


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


def test_what_is_not_counted_is_refused_to_nobody(shop: Shop) -> None:
    shop.fill(None)
    buyer = shop.buyer("192.0.2.1")
    answers = [buyer.post(payment_method=NEEDS_BANK, quantity=10) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 5
    assert shop.holds() == 0


def test_what_failed_is_held_no_more(shop: Shop) -> None:
    shop.fill(4)
    buyer = shop.buyer("192.0.2.1")
    buyer.pay("pm_card_visa_chargeDeclined", quantity=2)
    with shop.app.app_context():
        work("payment_standard")
    assert (shop.holds(), shop.left()) == (0, 4)
    assert buyer.post(quantity=2).status_code == 202


def test_what_is_paid_for_is_held_no_more(shop: Shop) -> None:
    shop.fill(4)
    shop.buyer("192.0.2.1").pay(quantity=2)
    with shop.app.app_context():
        work("payment_standard")
    assert (shop.holds(), shop.left()) == (0, 2)
