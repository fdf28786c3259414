"""A buyer's browser that is new in each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from parts.app import Web
from tests.browser.buyer import Buyer
from tests.browser.patron import Patron
from tests.browser.pictures import Pictures, said_of


@pytest.fixture
def context(kept_context: BrowserContext) -> BrowserContext:
    """A browser that nobody knows. A module that moves its clock, or takes it off the net, has one
    of its own instead."""
    kept_context.clear_cookies()
    return kept_context


@pytest.fixture(scope="session")
def pictures(browser: Browser) -> Iterator[Pictures]:
    """All of them; in the end their contact sheets."""
    pictures = Pictures()
    yield pictures
    pictures.write_sheets(browser)


@pytest.fixture
def take(pictures: Pictures, request: pytest.FixtureRequest) -> Iterator[Pictures]:
    """Takes those that the test says it takes."""
    before = len(pictures.names)
    yield pictures
    assert sorted(pictures.names[before:]) == sorted(said_of(request.function))


def close(page: Page) -> None:
    """Chromium has been seen to close a page for ever that was loading Stripe's frames."""
    page.goto("about:blank")
    page.close()


@pytest.fixture
def buyer(context: BrowserContext) -> Iterator[Buyer]:
    """Somebody unknown, who must not see an error of the page's own."""
    left = context.pages  # a page that Chromium did not close fails one test, not all after it
    buyer = Buyer(context.new_page())
    yield buyer
    for page in context.pages:
        if page not in left:
            close(page)
    assert buyer.complaints == []


@pytest.fixture
def german(browser: Browser, open_shop: Web) -> Iterator[Buyer]:
    """Somebody who reads German, with a browser of their own."""
    context = browser.new_context(base_url=open_shop.url, locale="de-DE")
    yield Buyer(context.new_page())
    context.close()


@pytest.fixture(scope="session")
def bystander(browser: Browser, open_shop: Web, shop_app: Flask) -> Iterator[Patron]:
    """Somebody with a payment and a subscription of their own, for all tests."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    bystander = Patron(shop_app, Buyer(context.new_page()))
    bystander.subscribe()
    yield bystander
    context.close()


@pytest.fixture
def patron(shop_app: Flask, buyer: Buyer, bystander: Patron) -> Iterator[Patron]:
    """Somebody who pays here and has proved their address. Whatever they do, nothing happens to
    the bystander."""
    before = bystander.standing()
    yield Patron(shop_app, buyer)
    assert bystander.standing() == before


@pytest.fixture
def stranger(browser: Browser, open_shop: Web) -> Iterator[Buyer]:
    """Somebody else, with a browser of their own."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield Buyer(context.new_page())
    context.close()


@pytest.fixture
def stripe(open_shop: Web) -> Iterator[Callable[..., None]]:
    """Lets Stripe misbehave: rules as the sandbox's fault scripts have them. Mended afterwards."""
    assert open_shop.env is not None
    url = f"{open_shop.env['STRIPE_API_BASE']}/_sandbox/faults"
    access = (open_shop.env["STRIPE_SECRET_KEY"], "")

    def misbehave(*rules: dict[str, Any]) -> None:
        method = "POST" if rules else "DELETE"
        body = list(rules) or None
        requests.request(method, url, auth=access, json=body, timeout=10).raise_for_status()

    yield misbehave
    misbehave()


@pytest.fixture
def scriptless_buyer(browser: Browser, open_shop: Web) -> Iterator[Buyer]:
    """Somebody without JavaScript."""
    context = browser.new_context(base_url=open_shop.url, java_script_enabled=False)
    yield Buyer(context.new_page())
    context.close()
