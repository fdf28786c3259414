"""A merchant's pages in a real browser: by the mailed link, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from parts.app import Web
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.extensions import db
from tests.browser.dashboard import Dashboard
from tests.browser.test_accessibility import complaints
from tests.portal.counter import Portal

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def shop_app(open_shop: Web) -> Iterator[Flask]:
    """The shop's application, in this process, to fill its database."""
    assert open_shop.env is not None
    app = create_app(Config.from_env(open_shop.env))
    Dashboard(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def merchant_page(browser: Browser, open_shop: Web, shop_app: Flask) -> Iterator[Page]:
    """The shop's own merchant, who opened the link."""
    portal = Portal(shop_app)
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    page = context.new_page()
    page.goto(portal.link().removeprefix(portal.public_url))
    yield page
    context.close()


def test_the_way_in_is_accessible(browser: Browser, open_shop: Web) -> None:
    page = browser.new_context(base_url=open_shop.url).new_page()
    page.goto("/portal")
    assert complaints(page) == []
    page.get_by_label("E-mail").fill("somebody@example.com")
    page.get_by_role("button", name="Mail me a link").click()
    page.get_by_role("heading", name="Look at your mail").wait_for()
    assert complaints(page) == []
    page.context.close()


@pytest.mark.parametrize("name", ["Payments", "Statements", "Webhooks"])
def test_a_merchants_page_is_accessible(merchant_page: Page, name: str) -> None:
    merchant_page.get_by_role("navigation").get_by_role("link", name=name).click()
    merchant_page.get_by_role("heading", name=name, level=1).wait_for()
    assert complaints(merchant_page) == []


def test_a_webhook_is_added_tried_and_switched_off(merchant_page: Page) -> None:
    merchant_page.goto("/portal/webhooks")
    merchant_page.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    merchant_page.get_by_role("button", name="Add").click()
    merchant_page.get_by_text("Keep it now").wait_for()
    assert complaints(merchant_page) == []
    merchant_page.get_by_role("button", name="Send a test").click()
    merchant_page.get_by_role("cell", name="webhook_whtest_").wait_for()
    assert complaints(merchant_page) == []
    merchant_page.get_by_role("button", name="Switch off").click()
    merchant_page.get_by_text("Nothing is sent here").wait_for()
    assert complaints(merchant_page) == []
