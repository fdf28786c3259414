"""`make pictures`: what the checkout form says while it is sent, and of what it can't take. It says
nothing of itself: it is for people to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Route

from parts.app import Web
from tests.browser.buyer import Buyer
from tests.browser.patron import CLUB, Patron
from tests.browser.pictures import MARKS, Pictures, takes
from tests.browser.test_guards import send
from tests.browser.test_sending import NO_NET, SENT, ready, reprice

pytestmark = MARKS


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Its clock is moved here, and it goes off the net."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


@takes("form-sending")
def test_it_is_being_sent(buyer: Buyer, take: Pictures) -> None:
    held: list[Route] = []
    ready(buyer)
    buyer.page.route(SENT, lambda route: held.append(route), times=1)
    with buyer.page.expect_request(SENT):
        buyer.press_pay()
    take(buyer, "form-sending")
    held[0].abort()


@takes("form-offline", "form-late", "form-not-sent")
def test_no_net_for_more_than_a_minute(buyer: Buyer, take: Pictures) -> None:
    buyer.page.clock.install()
    ready(buyer)
    buyer.page.context.set_offline(True)
    buyer.press_pay()
    buyer.reads(NO_NET)
    take(buyer, "form-offline")
    buyer.page.clock.fast_forward(61_000)
    buyer.reads("As soon as you are online, we check whether your payment arrived.")
    take(buyer, "form-late")
    buyer.page.context.set_offline(False)
    buyer.reads("Your payment did not reach us, so no payment was made.")
    take(buyer, "form-not-sent")


@takes("form-likely-address", "form-wrong-address", "form-wrong-card")
def test_what_is_mistyped(buyer: Buyer, take: Pictures) -> None:
    ready(buyer, "ada@gmial.con")
    buyer.page.get_by_label("E-mail").blur()
    buyer.reads("Did you mean")
    take(buyer, "form-likely-address")
    buyer.page.get_by_label("E-mail").fill("ada")
    buyer.page.get_by_label("E-mail").blur()
    buyer.reads("Enter an e-mail address like name@example.com.")
    take(buyer, "form-wrong-address")
    buyer.fill("4242424242424241")
    buyer.press_pay()
    buyer.reads("There is a problem")
    take(buyer, "form-wrong-card")


@takes("form-another-price")
def test_another_price(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    ready(buyer)
    with shop_app.app_context():
        reprice(1199)
        try:
            buyer.press_pay()
            buyer.reads("The price is now $11.99 instead of $10.99. No payment was made.")
            buyer.page.locator("[data-card-box='ready']").wait_for()
            take(buyer, "form-another-price")
        finally:
            reprice(1099)


@takes("form-has-plan", "form-has-one")
def test_what_one_has_already(patron: Patron, take: Pictures) -> None:
    patron.subscribe()
    patron.buyer.open(CLUB)
    send(patron.buyer, patron)
    patron.buyer.reads("You have Coffee club already.")
    take(patron.buyer, "form-has-plan")
    patron.buy("sticker")
    patron.buyer.open("sticker")
    patron.page.get_by_label("E-mail").fill(patron.email)
    patron.buyer.press_pay()
    patron.buyer.reads("One to a customer, and you have ordered 1 already.")
    take(patron.buyer, "form-has-one")
