"""`make pictures`: what a buyer meets now and then: a bank's window that is closed, no net, no
scripts, a question and money that did not arrive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, render_template
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy.orm import Session

from parts.app import Web
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from payments_app.subscriptions.models import Subscription
from tests.browser.buyer import SECURE, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.pictures import MARKS, Pictures, takes

pytestmark = MARKS
Stripe = Callable[..., None]
SLOW = {"fault": "slow", "ms": 60_000, "match": {"path": "/v1/payment_intents$"}, "times": None}
QUARTER_OF_AN_HOUR_MS = 15 * 60_000


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Its clock is moved here, and it goes off the net."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


@takes("bank-closed")
def test_the_banks_window_is_closed(buyer: Buyer, take: Pictures) -> None:
    buyer.open()
    buyer.fill(SECURE)
    buyer.page.route("**/stripe.js", lambda route: route.abort(), times=1)
    buyer.press_pay()
    buyer.reads("Your bank's window is closed.")
    take(buyer, "bank-closed")


@takes("waiting-offline", "waiting-check-again")
def test_no_net_and_no_end(buyer: Buyer, take: Pictures, stripe: Stripe) -> None:
    stripe(SLOW)
    buyer.page.clock.install()
    buyer.pay()
    buyer.sees("Processing your payment")
    buyer.page.context.set_offline(True)
    buyer.reads("You are offline.")
    take(buyer, "waiting-offline")
    buyer.page.context.set_offline(False)
    buyer.page.clock.fast_forward(QUARTER_OF_AN_HOUR_MS + 60_000)
    buyer.page.get_by_role("button", name="Check again").wait_for()
    take(buyer, "waiting-check-again")
    stripe()


@takes("form-without-scripts")
def test_no_scripts(scriptless_buyer: Buyer, take: Pictures) -> None:
    scriptless_buyer.open()
    take(scriptless_buyer, "form-without-scripts")


@takes("form-question", "form-wrong-answer", "security-check")
def test_a_question_and_a_security_check(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    buyer.open()
    buyer.page.locator("[data-pay]").wait_for()
    buyer.page.evaluate(
        """() => {
          const place = document.querySelector("[data-question]");
          place.hidden = false;
          place.querySelector("label").textContent = "What is 3 plus 4?";
        }"""
    )
    take(buyer, "form-question")
    buyer.fill()
    buyer.press_pay()
    buyer.reads("Answer the question.")
    take(buyer, "form-wrong-answer")
    with shop_app.test_request_context("/", headers={"Accept": "text/html"}):
        buyer.shows(render_template("checkout/challenge.html", item="tea", problem=None, action=""))
    take(buyer, "security-check")


@takes("refund-failed", "dispute-lost")
def test_money_that_did_not_arrive(buyer: Buyer, take: Pictures, shop_app: Flask) -> None:
    @atomic
    def give_back(session: Session, paid: str) -> None:
        sum_ = {"transaction_id": paid, "amount": 300, "currency": "usd"}
        failed = {"state": "failed", "reason": "x", "requested_by": "system"}
        session.add(Refund(**sum_, **failed, stripe_refund_id=new_id("re")))

    @atomic
    def take_back(session: Session, paid: str) -> None:
        sum_ = {"transaction_id": paid, "amount": 1099, "currency": "usd"}
        lost: dict[str, Any] = {"state": "lost", "funds": "withdrawn", "reason": "fraudulent"}
        lost |= {"stripe_data": {}, "opened_at": utcnow(), "stripe_dispute_id": new_id("dp")}
        session.add(Dispute(**sum_, **lost))

    buyer.pay()
    buyer.sees("Thank you")
    for name, change in {"refund-failed": give_back, "dispute-lost": take_back}.items():
        with shop_app.app_context():
            change(buyer.status()["id"])
        buyer.page.reload()
        take(buyer, name)


@takes("subscription-trial", "subscription-paused", "subscription-to-end", "subscription-ended")
def test_a_subscription_that_rests(
    buyer: Buyer, dashboard: Dashboard, shop_app: Flask, take: Pictures
) -> None:
    kept: dict[str, Any] = {"status": "past_due", "paused_at": None, "canceled_at": None}
    kept["cancel_at_period_end"] = False
    states: dict[str, dict[str, Any]] = {
        "trial": {"status": "trialing"},
        "paused": {"status": "active", "paused_at": utcnow() - dt.timedelta(days=1)},
        "to-end": {"status": "active", "cancel_at_period_end": True},
        "ended": {"status": "canceled", "canceled_at": utcnow()},
    }

    @atomic
    def put(session: Session, values: dict[str, Any]) -> None:
        found = session.get_one(Subscription, dashboard.values["subscription_id"])
        for name, value in (kept | values).items():
            setattr(found, name, value)

    buyer.page.goto(dashboard.account_link())
    buyer.page.get_by_role("button", name="Continue").click()
    buyer.sees("Your cards")
    for name, values in states.items():
        with shop_app.app_context():
            put(values)
        buyer.page.goto("/account/subscriptions")
        take(buyer, f"subscription-{name}")
    with shop_app.app_context():
        put({})
