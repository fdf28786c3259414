"""A buyer of another application pays here, and is back where they came from."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Route

from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.payment_requests.ask import Wish, ask
from tests.browser.buyer import Buyer

pytestmark = pytest.mark.browser
SHOP = "https://shop.example.com"


@pytest.fixture
def asked(shop_app: Flask, buyer: Buyer) -> str:
    """A payment that another application asked for; its site answers from here."""

    def answer(route: Route) -> None:
        route.fulfill(body="<h1>Your tickets</h1>", content_type="text/html")

    buyer.page.route(f"{SHOP}/**", answer)
    wish = Wish(
        Money(2500, "usd"),
        "Two tickets",
        email="ada@example.com",
        return_url=f"{SHOP}/back",
        cancel_url=f"{SHOP}/cart",
    )
    with shop_app.app_context():
        return ask(wish, "key_test")[0]


def named(shop_app: Flask, asked: str) -> str:
    with shop_app.app_context():
        return sign_name(asked)


def test_who_paid_is_back_with_the_payment_s_id(buyer: Buyer, asked: str, shop_app: Flask) -> None:
    buyer.open(named(shop_app, asked))
    buyer.reads("Two tickets")
    buyer.fill()
    buyer.press_pay()
    buyer.is_at(re.escape(f"{SHOP}/back?payment={asked}") + "$")
    buyer.sees("Your tickets")


def test_who_was_declined_goes_back(buyer: Buyer, asked: str, shop_app: Flask) -> None:
    buyer.open(named(shop_app, asked))
    buyer.fill(card="4000000000000002")
    buyer.press_pay()
    buyer.sees("Payment failed")
    buyer.page.get_by_role("link", name="Cancel and go back").click()
    buyer.is_at(re.escape(f"{SHOP}/cart?payment={asked}") + "$")


def test_who_does_not_want_to_pay_goes_back(buyer: Buyer, asked: str, shop_app: Flask) -> None:
    buyer.open(named(shop_app, asked))
    buyer.page.get_by_role("link", name="Cancel and go back").click()
    buyer.is_at(re.escape(f"{SHOP}/cart?payment={asked}") + "$")
