"""The dashboard's keys move through the rows, and can be switched off."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from tests.browser.dashboard import Dashboard

pytestmark = pytest.mark.browser


@pytest.fixture
def staff_page(browser: Browser, open_shop: Web, dashboard: Dashboard) -> Iterator[Page]:
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    context.add_cookies([{"name": "staff", "value": dashboard.token or "", "url": open_shop.url}])
    page = context.new_page()
    page.goto("/staff/payments")
    yield page
    context.close()


def test_j_and_k_move_through_the_rows_and_enter_opens_one(staff_page: Page) -> None:
    rows = staff_page.locator("a.go")
    for key, row in (("j", 0), ("j", 1), ("k", 0)):
        staff_page.keyboard.press(key)
        expect(rows.nth(row)).to_be_focused()
    staff_page.keyboard.press("Enter")
    expect(staff_page).to_have_url(re.compile("/staff/payments/txn_"))


def test_a_slash_leads_to_the_search_and_letters_stay_letters_there(staff_page: Page) -> None:
    staff_page.keyboard.press("/")
    expect(staff_page.locator("#q")).to_be_focused()
    staff_page.keyboard.type("jk/gp")
    expect(staff_page.locator("#q")).to_have_value("jk/gp")


def test_g_and_a_letter_lead_to_a_page(staff_page: Page) -> None:
    staff_page.keyboard.press("g")
    staff_page.keyboard.press("d")
    expect(staff_page).to_have_url(re.compile("/staff/disputes"))


def test_the_keys_can_be_switched_off_and_on(staff_page: Page) -> None:
    for button, focused in (("Switch the keys off", False), ("Switch the keys on", True)):
        staff_page.keyboard.press("?")
        staff_page.get_by_role("button", name=button).click()
        expect(staff_page.locator("dialog")).to_have_count(0)
        staff_page.keyboard.press("/")
        assert staff_page.evaluate("document.activeElement.id === 'q'") is focused
