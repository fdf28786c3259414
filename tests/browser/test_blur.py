"""What is wrong with a field is said when it is left, not while it is typed, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.buyer import FIELDS, Buyer
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
WRONG = "Enter an e-mail address like name@example.com."


def test_a_wrong_address_is_said_when_it_is_left_and_not_while_it_is_typed(buyer: Buyer) -> None:
    buyer.open()
    page = buyer.page
    email, error = page.get_by_label("E-mail"), page.locator("#email-error")
    for key in "ada@":
        email.press_sequentially(key)
        expect(error).to_be_hidden()
    assert email.get_attribute("aria-invalid") is None
    page.keyboard.press("Tab")
    expect(error).to_have_text(WRONG)
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-error-summary]")).to_be_hidden()
    expect(email).not_to_be_focused()
    assert complaints(page) == []
    email.fill("ada@example.com")
    email.blur()
    expect(error).to_be_hidden()
    assert email.get_attribute("aria-invalid") is None


def test_a_wrong_card_number_is_said_when_it_is_left_and_not_while_it_is_typed(
    buyer: Buyer,
) -> None:
    buyer.open()
    number = buyer.page.frame_locator(FIELDS).locator('[name="number"]')
    error = buyer.page.frame_locator(FIELDS).locator("#number-error")
    for key in "4242":
        number.press_sequentially(key)
        expect(error).to_be_hidden()
    buyer.page.keyboard.press("Tab")
    expect(error).to_have_text("Your card number is incomplete.")
    expect(buyer.page.locator("[data-error-summary]")).to_be_hidden()


def test_pay_stays_where_it_is_pressed_when_a_wrong_address_is_left(buyer: Buyer) -> None:
    buyer.open()
    page = buyer.page
    pay = page.locator("[data-pay]")
    expect(pay).to_be_visible()
    before = pay.bounding_box()
    page.get_by_label("E-mail").press_sequentially("ada")
    page.keyboard.press("Tab")
    expect(page.locator("#email-error")).to_have_text(WRONG)
    assert pay.bounding_box() == before
