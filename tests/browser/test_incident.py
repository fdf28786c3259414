"""What is wrong now comes and goes on the page of staff that is open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from payments_app.gateway import breaker
from tests.accounts.staff_driver import StaffDriver

pytestmark = pytest.mark.browser


@pytest.fixture
def staff_page(browser: Browser, open_shop: Web, shop_app: Flask) -> Iterator[Page]:
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    token = StaffDriver(shop_app).signed_in("support", "incident@example.com").token or ""
    context.add_cookies([{"name": "staff", "value": token, "url": open_shop.url}])
    page = context.new_page()
    page.goto("/staff/payments")
    yield page
    context.close()


def report(app: Flask, *, reached: bool) -> None:
    with app.app_context():
        breaker.report(reached=reached)


def test_the_banner_comes_and_goes_on_an_open_page(staff_page: Page, shop_app: Flask) -> None:
    banner = staff_page.locator("#incident")
    expect(banner).not_to_contain_text("Stripe does not answer")
    try:
        for _ in range(breaker.FAILURES):
            report(shop_app, reached=False)
        expect(banner).to_contain_text("Stripe does not answer", timeout=15_000)
    finally:
        report(shop_app, reached=True)
    expect(banner).not_to_contain_text("Stripe does not answer", timeout=15_000)
