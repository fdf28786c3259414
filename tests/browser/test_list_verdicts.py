"""Why a payment failed is read in a list on a phone, and in browsers that know no popovers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from parts.app import Web
from tests.browser.dashboard import Dashboard

pytestmark = pytest.mark.browser
CSS = Path(__file__).parents[2] / "static" / "css"
# What the oldest browsers that are supported (Chromium 105, Firefox 121) know.
KNOWN = set(
    "active checked disabled empty enabled first-child first-of-type focus focus-visible "
    "focus-within has hover invalid is lang last-child last-of-type link not nth-child "
    "nth-last-child nth-of-type only-child placeholder-shown root target visited where".split()
)
RULE = re.compile(r"([^{}]+)\{")
PSEUDO_CLASS = re.compile(r"(?<!:):([a-z-]+)")


@pytest.fixture(params=[390, 1280])
def failures(
    request: pytest.FixtureRequest, browser: Browser, open_shop: Web, dashboard: Dashboard
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=open_shop.url, locale="en-US", viewport={"width": request.param, "height": 844}
    )
    context.add_cookies([{"name": "staff", "value": dashboard.token or "", "url": open_shop.url}])
    page = context.new_page()
    page.goto("/staff/payments?status=failed")
    yield page
    context.close()


def test_the_reason_in_a_list_unfolds_what_the_customer_read(failures: Page) -> None:
    why = failures.locator("details.why").first
    words = why.get_by_text("Tell them")
    expect(words).to_be_hidden()
    why.locator("summary").click()
    expect(failures).to_have_url(re.compile(r"/staff/payments\?"))
    expect(words).to_be_in_viewport()
    expect(why.get_by_text("The customer read")).to_be_in_viewport()
    assert failures.evaluate("document.documentElement.scrollWidth <= innerWidth")
    why.locator("summary").click()
    expect(words).to_be_hidden()


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_no_selector_that_some_browsers_do_not_know_stands_beside_others(path: Path) -> None:
    """They would drop the rule for all of the list."""
    for selectors in RULE.findall(re.sub(r"(?s)/\*.*?\*/", "", path.read_text())):
        new = set(PSEUDO_CLASS.findall(selectors)) - KNOWN
        is_media = selectors.strip().startswith("@")
        assert is_media or not new or "," not in selectors, (selectors, new)
