"""What is wrong now comes and goes on the page of staff that is open."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from payments_app.gateway import breaker
from tests.accounts.staff_driver import StaffDriver

pytestmark = pytest.mark.browser
DOWN = "Stripe does not answer"


@pytest.fixture
def staff_page(browser: Browser, open_shop: Web, shop_app: Flask) -> Iterator[Page]:
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    email = f"{secrets.token_hex(6)}@example.com"
    token = StaffDriver(shop_app).signed_in("support", email).token or ""
    context.add_cookies([{"name": "staff", "value": token, "url": open_shop.url}])
    page = context.new_page()
    page.goto("/staff/payments")
    yield page
    context.close()


def report(app: Flask, *, reached: bool) -> None:
    with app.app_context():
        breaker.report(reached=reached)


def fail_until_said(app: Flask, page: Page) -> None:
    """Whoever asks Stripe meanwhile finds that it is well, and the page asks only now and then."""
    until = time.monotonic() + 30
    while DOWN not in page.locator("#incident").inner_text():
        assert time.monotonic() < until
        for _ in range(breaker.FAILURES):
            report(app, reached=False)
        page.wait_for_timeout(200)


def test_the_banner_comes_and_goes_on_an_open_page(staff_page: Page, shop_app: Flask) -> None:
    banner = staff_page.locator("#incident")
    expect(banner).not_to_contain_text(DOWN)
    try:
        fail_until_said(shop_app, staff_page)
    finally:
        report(shop_app, reached=True)
    expect(banner).not_to_contain_text(DOWN, timeout=15_000)


def test_a_long_word_of_stripe_s_makes_no_narrow_page_wider(
    staff_page: Page, shop_app: Flask
) -> None:
    """As it names a key that it refuses."""
    staff_page.set_viewport_size({"width": 390, "height": 844})
    try:
        fail_until_said(shop_app, staff_page)
        words = staff_page.locator("#incident strong")
        said = f"Stripe refuses our requests: sk_test_{'*' * 90}4f58."
        width = "(strong, said) => ((strong.innerText = said), document.body.scrollWidth)"
        assert words.evaluate(width, said) == 390
    finally:
        report(shop_app, reached=True)
