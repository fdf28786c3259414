"""Where the focus is when a payment's outcome arrives, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.buyer import DECLINED, SECURE, WITHIN_MS, Buyer
from tests.browser.test_accessibility import complaints
from tests.browser.test_waiting import SLOW, is_status

pytestmark = pytest.mark.browser
Stripe = Callable[..., None]
SEARCH = """() => {
  const field = document.createElement("input");
  field.setAttribute("aria-label", "Search");
  document.querySelector("header").append(field);
}"""
HEARD = """() => {
  window.led = 0;
  document.addEventListener("focusin", event => { window.led += event.target.matches("h1"); });
}"""


def heading(page: Page, words: str) -> None:
    """It has the focus, and no place in the order of what Tab reaches."""
    found = page.get_by_role("heading", level=1, name=words)
    expect(found).to_be_focused(timeout=WITHIN_MS)
    expect(found).to_have_attribute("tabindex", "-1")


def test_a_decline_has_the_focus_on_its_heading_and_then_its_button(
    buyer: Buyer, stripe: Stripe
) -> None:
    stripe(SLOW)
    buyer.pay(DECLINED)
    buyer.sees("Processing your payment")
    heading(buyer.page, "Payment failed")
    assert complaints(buyer.page) == []
    buyer.page.keyboard.press("Tab")
    expect(buyer.page.get_by_role("link", name="Try another card")).to_be_focused()


def test_the_thank_you_page_that_a_payment_leads_to_has_the_focus_on_its_heading(
    buyer: Buyer, stripe: Stripe
) -> None:
    stripe(SLOW)
    buyer.pay()
    buyer.sees("Processing your payment")
    buyer.is_at("/thankyou")
    heading(buyer.page, "Thank you")
    assert complaints(buyer.page) == []


def test_a_thank_you_page_that_is_loaded_again_or_opened_by_its_address_begins_at_its_top(
    buyer: Buyer,
) -> None:
    buyer.pay()
    buyer.sees("Thank you")
    heading(buyer.page, "Thank you")
    buyer.page.reload()
    buyer.sees("Thank you")
    expect(buyer.page.locator("body")).to_be_focused()
    buyer.page.goto(buyer.page.url)
    buyer.page.keyboard.press("Tab")
    expect(buyer.page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_no_poll_takes_the_focus_while_nothing_is_known(buyer: Buyer, stripe: Stripe) -> None:
    stripe({**SLOW, "ms": 10_000})  # it must not end while it is looked at
    buyer.pay()
    page = buyer.page
    page.locator("[data-phase=processing]").wait_for()
    page.evaluate(HEARD)
    for _ in range(3):
        with page.expect_response(lambda response: is_status(response.url)):
            pass
    assert page.evaluate("window.led") == 0


def test_who_types_keeps_the_focus_when_the_outcome_arrives(buyer: Buyer, stripe: Stripe) -> None:
    """Another application's header may have a field."""
    stripe(SLOW)
    buyer.pay(DECLINED)
    buyer.sees("Processing your payment")
    buyer.page.evaluate(SEARCH)
    search = buyer.page.get_by_label("Search")
    search.press_sequentially("field")
    buyer.sees("Payment failed")
    buyer.page.keyboard.type(" notes")
    expect(search).to_have_value("field notes")
    expect(search).to_be_focused()


def test_the_banks_question_has_the_focus_on_its_heading_where_its_window_does_not_open(
    buyer: Buyer,
) -> None:
    buyer.open()
    buyer.fill(SECURE)
    buyer.page.route("**/stripe.js", lambda route: route.abort(), times=1)
    buyer.press_pay()
    heading(buyer.page, "Confirm this payment with your bank")


def test_an_outcome_that_arrives_behind_the_banks_window_is_led_to_once_it_is_closed(
    buyer: Buyer,
) -> None:
    page = buyer.page
    buyer.pay(SECURE)
    buyer.sees_bank()
    elsewhere = Buyer(page.context.new_page())
    elsewhere.page.goto(page.url)
    elsewhere.answer_bank("fail")
    elsewhere.sees("Payment not confirmed")
    page.bring_to_front()
    page.locator("[data-state=failed]").wait_for(timeout=WITHIN_MS)
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"
    page.get_by_role("button", name="Cancel").click()
    heading(page, "Payment not confirmed")
