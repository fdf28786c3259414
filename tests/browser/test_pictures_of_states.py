"""`make pictures`: each state that a payment, an item, a subscription or the site itself can be in,
as a buyer sees it. It says nothing of itself: it is for people to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask, render_template
from playwright.sync_api import Browser, BrowserContext, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from parts.app import Web
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.core.web.http import ProblemError, words_of
from payments_app.core.web.links import sign_name
from payments_app.orders.product_models import Product
from payments_app.payment_requests.ask import Wish, ask, cancel
from payments_app.payments.refunds.models import Refund
from payments_app.subscriptions.models import Subscription
from tests.browser.buyer import Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.pictures import MARKS, Pictures, takes

pytestmark = MARKS
Stripe = Callable[..., None]
SLOW = {"fault": "slow", "ms": 60_000, "match": {"path": "/v1/payment_intents$"}, "times": None}


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Its clock is moved here."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


@pytest.fixture
def slow_banks(open_shop: Web) -> Iterator[None]:
    """A confirmed payment waits for its bank."""
    assert open_shop.env is not None
    url = f"{open_shop.env['STRIPE_API_BASE']}/_sandbox/slow_banks"
    access = (open_shop.env["STRIPE_SECRET_KEY"], "")
    requests.post(url, auth=access, json={"ms": 600_000}, timeout=10).raise_for_status()
    yield
    requests.post(url, auth=access, json={"ms": None}, timeout=10).raise_for_status()


@takes("waiting", "waiting-after-10s", "waiting-after-60s")
def test_a_payment_that_takes_long(buyer: Buyer, take: Pictures, stripe: Stripe) -> None:
    stripe(SLOW)
    buyer.page.clock.install()
    buyer.pay()
    buyer.sees("Processing your payment")
    take(buyer, "waiting")
    for name, seconds in {"waiting-after-10s": 10, "waiting-after-60s": 60}.items():
        buyer.page.clock.fast_forward(seconds * 1000)
        take(buyer, name)
    stripe()


@takes("checking")
def test_an_outcome_that_nobody_knows_yet(buyer: Buyer, take: Pictures, stripe: Stripe) -> None:
    stripe(
        {"fault": "drop_after", "match": {"path": "/confirm$"}, "times": None},
        {"fault": "500_before", "match": {"method": "GET"}, "times": None},
    )
    buyer.pay()
    buyer.sees("We're checking with your bank")
    take(buyer, "checking")


@pytest.mark.usefixtures("slow_banks")
@takes("waiting-for-the-bank")
def test_a_bank_that_takes_its_time(buyer: Buyer, take: Pictures) -> None:
    buyer.pay()
    buyer.sees("Waiting for your bank")
    take(buyer, "waiting-for-the-bank")


@takes("form-while-stripe-loads", "form-while-stripe-is-slow", "form-without-stripe")
def test_stripe_slow_and_gone(buyer: Buyer, take: Pictures) -> None:
    held: list[Route] = []
    buyer.page.clock.install()
    buyer.page.route("**/stripe.js", lambda route: held.append(route))
    buyer.page.goto("/checkout/field-notes", wait_until="domcontentloaded")
    take(buyer, "form-while-stripe-loads")
    buyer.page.clock.fast_forward(8_500)
    take(buyer, "form-while-stripe-is-slow")
    for route in held:
        route.abort()
    expect(buyer.page.locator("[data-card-box=gone]")).to_have_count(1)
    take(buyer, "form-without-stripe")


@takes("refunded-in-part", "refunded")
def test_money_given_back(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    buyer.pay()
    buyer.sees("Thank you")
    paid = buyer.status()["id"]

    @atomic
    def give_back(session: Session, amount: int) -> None:
        refund = {"state": "succeeded", "currency": "usd", "reason": "x", "requested_by": "system"}
        session.add(Refund(transaction_id=paid, amount=amount, **refund))

    for name, amount in {"refunded-in-part": 300, "refunded": 799}.items():
        with shop_app.app_context():
            give_back(amount)
        buyer.page.reload()
        take(buyer, name)


@takes("request", "request-no-longer-open")
def test_what_another_application_asks_for(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    wish = Wish(Money(2500, "usd"), "Two tickets", cancel_url="https://shop.example.com/cart")
    with shop_app.app_context():
        asked = ask(wish, "key_test")[0]
        name = sign_name(asked)
    buyer.open(name)
    expect(buyer.page.locator("[data-card-box='ready']")).to_be_visible()
    take(buyer, "request")
    with shop_app.app_context():
        cancel(asked, "key_test")
    buyer.open(name)
    take(buyer, "request-no-longer-open")


@takes("cart-sold-out", "form-sold-out", "form-no-longer-sold")
def test_what_can_not_be_bought(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    slug = new_id("plate")

    @atomic
    def put(session: Session, **values: Any) -> None:
        plate = session.scalar(select(Product).filter_by(slug=slug)) or Product(slug=slug)
        session.add(plate)
        plate.name, plate.amount, plate.currency = "Blue plate", 500, "usd"
        for name, value in values.items():
            setattr(plate, name, value)

    with shop_app.app_context():
        put(stock=1)
        buyer.page.goto("/")
        buyer.page.get_by_role("button", name="Add Blue plate to cart").click()
        buyer.sees("Cart")
        put(stock=0)
        buyer.page.reload()
        take(buyer, "cart-sold-out")
        buyer.open(slug)
        take(buyer, "form-sold-out")
        put(stock=0, active=False)
    buyer.open(slug)
    take(buyer, "form-no-longer-sold")


@takes("thank-you-download", "thank-you-free")
def test_a_download_and_something_free(buyer: Buyer, take: Pictures) -> None:
    buyer.pay(item="folding-pattern")
    buyer.sees("Thank you")
    take(buyer, "thank-you-download")
    buyer.open("sticker")
    buyer.page.get_by_label("E-mail").fill("ada@example.com")
    buyer.press_pay()
    buyer.sees("Thank you")
    take(buyer, "thank-you-free")


@takes("card-to-remove", "subscription-to-cancel", "subscription-active", "form-new-card")
def test_changes_of_a_subscription(
    buyer: Buyer, dashboard: Dashboard, shop_app: Flask, take: Pictures
) -> None:
    @atomic
    def put(session: Session, status: str) -> None:
        session.get_one(Subscription, dashboard.values["subscription_id"]).status = status

    buyer.page.goto(dashboard.account_link())
    buyer.page.get_by_role("button", name="Continue").click()
    buyer.page.get_by_role("link", name="Remove").first.click()
    take(buyer, "card-to-remove")
    mine = f"/account/subscriptions/{dashboard.values['subscription_id']}"
    buyer.page.goto(f"{mine}/cancellation?when=now")
    take(buyer, "subscription-to-cancel")
    with shop_app.app_context():
        put("active")
    buyer.page.goto("/account/subscriptions")
    take(buyer, "subscription-active")
    buyer.page.get_by_role("button", name="Add a card").click()
    buyer.reads("Card for")
    take(buyer, "form-new-card")
    with shop_app.app_context():
        put("past_due")


PROBLEMS = {
    "form-expired": (
        *(400, "form_expired"),
        "Nothing was sent. Go back, reload the page and submit the form again.",
    ),
    **{f"error-{status}": (status, *words_of(status)) for status in (413, 429, 500, 503)},
}


@takes(*PROBLEMS)
def test_what_the_site_says_in_trouble(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    for name, problem in PROBLEMS.items():
        with shop_app.test_request_context("/", headers={"Accept": "text/html"}):
            names = {"request_id": "5f0c2a9be4d17733", "area": None}
            page = render_template("error.html", problem=ProblemError(*problem), **names)
        buyer.page.route("**/trouble", _answers(page))
        buyer.page.goto("/trouble")
        take(buyer, name)
        buyer.page.unroute("**/trouble")


def _answers(page: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8")
