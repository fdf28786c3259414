"""What was bought, from the checkout to the end, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser


def reads_items(buyer: Buyer) -> None:
    items = buyer.page.locator(".items")
    expect(items).to_contain_text("Field notes")
    expect(items).to_contain_text("2 \u00d7 $10.99")
    expect(items).to_contain_text("$21.98")
    buyer.reads("Sold by Corner Shop")


def test_what_is_bought_stands_on_each_page_until_it_is_paid(buyer: Buyer) -> None:
    buyer.open()
    buyer.page.get_by_label("Quantity").select_option("2")
    reads_items(buyer)
    buyer.fill(DECLINED)
    buyer.press_pay()
    buyer.sees("Payment failed")
    reads_items(buyer)
    declined = buyer.page.url
    buyer.page.get_by_role("link", name="Try another card").click()
    reads_items(buyer)
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")
    reads_items(buyer)
    assert complaints(buyer.page) == []
    buyer.page.goto(declined)
    buyer.sees("Paid by another attempt")
    expect(buyer.page.get_by_role("link", name="Try another card")).to_have_count(0)
    assert complaints(buyer.page) == []


def test_closing_the_banks_window_is_no_failure(buyer: Buyer) -> None:
    buyer.pay(SECURE)
    buyer.sees_bank()
    buyer.page.get_by_role("button", name="Cancel").click()
    buyer.sees("Payment not confirmed")
    buyer.reads("If you closed your bank's window, nothing is lost.")
    expect(buyer.page.get_by_text("failed")).to_have_count(0)
    buyer.page.get_by_role("link", name="Try again").click()
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")


def test_something_free_is_not_paid(buyer: Buyer) -> None:
    buyer.open("sticker")
    expect(buyer.page).to_have_title("Get Sticker · Corner Shop")
    buyer.page.get_by_label("E-mail").fill("free-item@example.com")
    buyer.page.get_by_role("button", name="Get it free").click()
    buyer.sees("Thank you")
    buyer.reads("Nothing was charged.")
    expect(buyer.page.get_by_text("paid")).to_have_count(0)
    expect(buyer.page.get_by_text("$0.00")).to_have_count(0)
