"""What an order held is not held on by the next attempt to pay for it, before the last one is
followed."""

from __future__ import annotations

import pytest
from flask import Flask

from demo.products import add_demo_products
from tests.security.test_stock_holds import NEEDS_BANK, Shop

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def shop(app: Flask) -> Shop:
    with app.app_context():
        add_demo_products()
    shop = Shop(app)
    shop.fill(4)
    return shop


def test_who_failed_the_bank_s_check_does_not_hold_everything_again(shop: Shop) -> None:
    buyer, other = shop.buyer("192.0.2.1"), shop.buyer("203.0.113.1")
    transaction = buyer.pay(NEEDS_BANK, quantity=4)
    shop.tell_bank(buyer, transaction, "fail")
    assert buyer.status(transaction)["state"] == "failed"
    assert shop.left() == 0
    order = buyer.order_of(transaction)
    again = buyer.post(item=order, payment_method=NEEDS_BANK)
    assert again.json["error"]["code"] == "hold_limit"
    shop.wait(0)
    assert shop.left() == 4
    assert other.post(quantity=4).status_code == 202


def test_a_part_is_held_again(shop: Shop) -> None:
    buyer, other = shop.buyer("192.0.2.1"), shop.buyer("203.0.113.1")
    transaction = buyer.pay(NEEDS_BANK, quantity=2)
    shop.tell_bank(buyer, transaction, "fail")
    buyer.pay(item=buyer.order_of(transaction))
    shop.wait(0)
    assert (shop.holds(), shop.left()) == (0, 2)
    assert other.post(quantity=2).status_code == 202


def test_who_was_declined_may_pay_for_all_of_it_at_once(shop: Shop) -> None:
    buyer = shop.buyer("192.0.2.1")
    order = buyer.order_of(buyer.pay("pm_card_visa_chargeDeclined", quantity=4))
    assert shop.left() == 0
    buyer.pay(item=order)
    shop.wait(0)
    assert (shop.holds(), shop.left()) == (0, 0)
