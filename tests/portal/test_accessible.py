"""Axe finds nothing to complain of on a merchant's pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from tests.browser.dashboard import Dashboard
from tests.browser.test_accessibility import complaints
from tests.portal.portal_driver import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PORTAL_PAGES = tuple(
    f"/portal/{name}" for name in ("payments", "webhooks", "statements", "sessions")
)


@pytest.fixture(scope="module")
def merchants_page(browser: Browser, open_shop: Web, shop_app: Flask) -> Iterator[Page]:
    """The browser of the shop's own merchant, with a payment, a webhook and a statement to see."""
    portal = Portal(shop_app)
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    page = context.new_page()
    page.goto(portal.link().removeprefix(portal.public_url))
    page.locator("main form button").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page
    context.close()


@pytest.mark.parametrize("path", PORTAL_PAGES)
def test_a_merchant_s_page_is_accessible(merchants_page: Page, path: str) -> None:
    answer = merchants_page.goto(path)
    assert answer
    assert answer.status == 200
    assert complaints(merchants_page) == []


@pytest.mark.parametrize("place", ["a.go", "td a[href^='/portal/webhooks/']"])
def test_a_merchant_s_page_about_one_thing_is_accessible(
    merchants_page: Page, dashboard: Dashboard, place: str
) -> None:
    assert dashboard.token
    merchants_page.goto("/portal/payments" if place == "a.go" else "/portal/webhooks")
    merchants_page.locator(place).first.click()
    expect(merchants_page.get_by_role("heading", level=1)).to_be_visible()
    assert complaints(merchants_page) == []
