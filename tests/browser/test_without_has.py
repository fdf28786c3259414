"""A browser that drops each rule with `:has()` shows pages that can be read and used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, Buyer
from tests.browser.patron import Patron
from tests.browser.test_accessibility import complaints
from tests.browser.test_waiting import SLOW

pytestmark = pytest.mark.browser

# The whole of a rule, as browsers drop it: also its selectors that they know.
RULE = re.compile(r"[^{}]*:has\([^{}]*\{[^{}]*\}")
# What stands on top at the middle of each thing that can be seen, and the thing itself.
THINGS = "main :is(p, h1, h2, dt, dd, button, label, input, select, a)"
COVERED = """things => [...document.querySelectorAll(things)]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".notes"))
  .filter((one) => one.getClientRects().length && !one.matches(":is(:focus, .skip)"))
  .flatMap((one) => {
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const { x, y, width, height } = one.getBoundingClientRect();
    if (width < 2 || height < 2) return [];
    const top = document.elementFromPoint(x + width / 2, y + height / 2);
    const seen = !top || one.contains(top) || top.contains(one);
    return seen ? [] : [`${one.outerHTML} below ${top.outerHTML}`];
  })"""
# The one note that is read of those that lie in one place.
READ = """() => {
  const { x, y, width, height } = document.querySelector(".notes").getBoundingClientRect();
  const top = document.elementFromPoint(x + width / 2, y + height / 2);
  return top.closest("[data-note]")?.dataset.note;
}"""


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Of such a browser: all style sheets lose the rules. Its clock is moved here."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    dropped: list[str] = []

    def drop(route: Route) -> None:
        answer = route.fetch()
        sheet = re.sub(r"/\*.*?\*/", "", answer.text(), flags=re.DOTALL)
        dropped.extend(RULE.findall(sheet))
        route.fulfill(response=answer, body=RULE.sub("", sheet))

    context.route("**/*.css", drop)
    yield context
    context.close()
    assert len(dropped) > 10


def is_readable(page: Page) -> None:
    assert page.evaluate("[...document.styleSheets].length") > 0
    assert ":has(" not in page.evaluate(
        "[...document.styleSheets].flatMap(s => [...s.cssRules]).map(r => r.cssText).join('')"
    )
    assert complaints(page) == []
    assert page.evaluate(COVERED, THINGS) == []


def test_the_shop_the_form_its_errors_and_the_thank_you_are_read_and_used(
    buyer: Buyer, bystander: Patron
) -> None:
    before, page = bystander.standing(), buyer.page
    page.goto("/")
    is_readable(page)
    buyer.open()
    buyer.fill(email="ada@gmial.com")
    page.get_by_label("E-mail").blur()
    expect(page.get_by_role("button", name="ada@gmail.com")).to_be_visible()
    is_readable(page)
    page.get_by_label("E-mail").fill("nobody")
    buyer.press_pay()
    buyer.reads("There is a problem")
    is_readable(page)
    page.get_by_label("E-mail").fill("ada@example.com")
    buyer.press_pay()
    buyer.sees("Thank you")
    is_readable(page)
    assert bystander.standing() == before


def test_of_the_notes_on_waiting_the_one_that_holds_is_read(
    buyer: Buyer, stripe: Callable[..., None]
) -> None:
    page = buyer.page
    stripe({**SLOW, "ms": 15_000})
    page.clock.install()
    buyer.pay(DECLINED)
    page.locator("[data-phase=processing]").wait_for()
    assert page.evaluate(READ) == "soon"
    page.clock.fast_forward(11_000)
    expect(page.locator("[data-note=slow]")).to_be_visible()
    assert page.evaluate(READ) == "slow"
    page.context.set_offline(True)
    expect(page.locator("[data-note=offline]")).to_be_visible()
    assert page.evaluate(READ) == "offline"
    page.context.set_offline(False)
    stripe()
    buyer.sees("Payment failed")
    expect(page.locator(".notes")).to_be_hidden()


def test_card_fields_that_can_not_be_loaded_leave_a_page_that_says_so(buyer: Buyer) -> None:
    buyer.page.route("**/stripe.js", lambda route: route.abort())
    buyer.open()
    buyer.reads("The card fields couldn't load. No payment was made.")
    expect(buyer.page.locator("[data-pay]")).to_be_hidden()
    is_readable(buyer.page)
