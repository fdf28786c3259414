"""A merchant's pages in a real browser: by the mailed link, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from tests.browser.test_accessibility import complaints
from tests.merchants.connected_merchants import create_merchant
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def merchant_page(kept_context: BrowserContext, shop_app: Flask) -> Iterator[Page]:
    """The shop's own merchant, who was paid, opened the link and pressed its button."""
    with shop_app.app_context():
        PaymentDriver(shop_app).pay()
    yield from _opened(kept_context, Portal(shop_app))


@pytest.fixture
def new_merchant_page(kept_context: BrowserContext, shop_app: Flask) -> Iterator[Page]:
    """A merchant who has not told Stripe anything yet."""
    with shop_app.app_context():
        merchant = create_merchant(PaymentDriver(shop_app))
    yield from _opened(kept_context, Portal(shop_app), merchant)


def _opened(context: BrowserContext, portal: Portal, merchant: str | None = None) -> Iterator[Page]:
    context.clear_cookies()
    page = context.new_page()
    page.goto(portal.link(merchant).removeprefix(portal.public_url))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/portal/payments")
    yield page
    page.close()


def test_the_sign_in_link_page_is_accessible(kept_context: BrowserContext) -> None:
    kept_context.clear_cookies()
    page = kept_context.new_page()
    page.goto("/portal")
    assert complaints(page) == []
    page.get_by_label("E-mail").fill("somebody@example.com")
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    assert complaints(page) == []
    page.close()


def test_the_link_in_the_mail_is_accessible(kept_context: BrowserContext, shop_app: Flask) -> None:
    portal = Portal(shop_app)
    kept_context.clear_cookies()
    page = kept_context.new_page()
    page.goto(portal.link().removeprefix(portal.public_url))
    page.get_by_role("button", name="Continue").wait_for()
    assert complaints(page) == []
    page.close()


@pytest.mark.parametrize("name", ["Payments", "Statements", "Webhooks"])
def test_a_merchants_page_is_accessible(merchant_page: Page, name: str) -> None:
    merchant_page.get_by_role("navigation").get_by_role("link", name=name).click()
    merchant_page.get_by_role("heading", name=name, level=1).wait_for()
    assert complaints(merchant_page) == []


def test_a_webhook_is_added_tried_and_switched_off(merchant_page: Page) -> None:
    merchant_page.goto("/portal/webhooks")
    merchant_page.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    merchant_page.get_by_role("button", name="Add").click()
    merchant_page.get_by_text("Copy it now").wait_for()
    assert complaints(merchant_page) == []
    merchant_page.get_by_role("button", name="Send test event").click()
    merchant_page.get_by_role("cell", name="webhook_whtest_").wait_for()
    assert complaints(merchant_page) == []
    merchant_page.get_by_role("button", name="Turn off").click()
    merchant_page.get_by_text("Nothing is sent here").wait_for()
    assert complaints(merchant_page) == []


def test_a_merchant_who_cannot_be_paid_reads_it_and_goes_on(new_merchant_page: Page) -> None:
    assert complaints(new_merchant_page) == []
    new_merchant_page.get_by_role("link", name="How to get paid").click()
    new_merchant_page.get_by_role("heading", name="Getting paid").wait_for()


def test_a_statement_is_accessible(merchant_page: Page) -> None:
    merchant_page.goto("/portal/statements")
    merchant_page.get_by_role("link", name="Statement of").first.click()
    merchant_page.get_by_text("Stripe fees").wait_for()
    assert complaints(merchant_page) == []


def test_a_payment_is_found_opened_by_keys_and_accessible(merchant_page: Page) -> None:
    merchant_page.keyboard.press("j")
    merchant_page.keyboard.press("Enter")
    merchant_page.wait_for_url("**/portal/payments/txn_*")
    merchant_page.get_by_role("heading", name="What happened").wait_for()
    assert complaints(merchant_page) == []
    merchant_page.keyboard.press("g")
    merchant_page.keyboard.press("s")
    merchant_page.wait_for_url("**/portal/statements")
