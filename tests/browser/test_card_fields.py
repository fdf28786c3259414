"""The card fields while Stripe is slow or gone, and a form that is easy to fill in, in a real
browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, FIELDS, WITHIN_MS, Buyer
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
LATE = "The card fields take longer than usual to load."
TWICE = "document.documentElement.style.fontSize = '200%'"
# What reaches over the page's right edge.
WIDER = """[...document.querySelectorAll("main *, header *, footer *")]
  .filter(node => node.getBoundingClientRect().right > 391)
  .map(node => `${node.tagName}.${node.className}`)
  .slice(0, 5)"""


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Its clock is moved here."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


def let_go(page: Page, held: list[Route]) -> None:
    """Stripe answers, and the fields are there."""
    page.wait_for_function("""document.querySelector('script[src$="stripe.js"]') !== null""")
    for route in held:
        route.continue_()
    page.unroute("**/stripe.js")
    expect(page.locator("[data-pay]")).to_be_visible(timeout=WITHIN_MS)


def test_while_stripe_is_slow_there_is_a_skeleton_then_a_sentence_and_no_button(
    buyer: Buyer,
) -> None:
    page, held = buyer.page, list[Route]()
    page.clock.install()
    page.route("**/stripe.js", lambda route: held.append(route))
    page.goto("/checkout/field-notes", wait_until="domcontentloaded")
    expect(page.locator(".skeleton")).to_be_visible()
    expect(page.locator("[data-pay]")).to_be_hidden()
    expect(page.get_by_text(LATE)).to_be_hidden()
    page.clock.fast_forward(8_100)
    buyer.reads(LATE)
    expect(page.locator(".skeleton")).to_be_hidden()
    expect(page.locator("[data-pay]")).to_be_hidden()
    assert complaints(page) == []
    let_go(page, held)
    expect(page.locator(".skeleton")).to_be_hidden()
    expect(page.get_by_text(LATE)).to_be_hidden()
    buyer.fill()
    buyer.press_pay()
    buyer.sees("Thank you")


def test_nothing_moves_when_the_fields_come(buyer: Buyer) -> None:
    page, held = buyer.page, list[Route]()
    page.route("**/stripe.js", lambda route: held.append(route))
    page.goto("/checkout/field-notes", wait_until="domcontentloaded")
    tops = [page.locator(".pay-slot").bounding_box()]
    let_go(page, held)
    page.frame_locator(FIELDS).locator('[name="number"]').wait_for()
    tops.append(page.locator(".pay-slot").bounding_box())
    before, after = tops
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 1, tops
    assert before["height"] == after["height"]


def test_with_text_twice_as_large_no_page_scrolls_sideways_on_a_phone(buyer: Buyer) -> None:
    page, wide = buyer.page, []

    def look(name: str) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        page.evaluate(TWICE)
        if too_wide := page.evaluate(WIDER):
            wide.append((name, too_wide))

    for path in ("/", "/account", "/account/subscriptions", "/nothing", "/checkout/letter"):
        page.goto(path)
        look(path)
    page.goto("/")
    page.get_by_role("button", name="Add Field notes to cart").click()
    look("/cart")
    buyer.open()
    page.get_by_text("Cards to try in test mode").click()
    buyer.fill(DECLINED)
    look("the form")
    buyer.press_pay()
    buyer.sees("Payment failed")
    look("the decline")
    page.get_by_role("link", name="Try another card").click()
    look("the retry")
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")
    look("the thank-you")
    assert wide == []


def test_the_summarys_link_lands_in_the_card_field(buyer: Buyer) -> None:
    buyer.open()
    buyer.page.get_by_label("E-mail").fill("ada@example.com")
    buyer.page.frame_locator(FIELDS).locator('[name="number"]').wait_for()
    buyer.press_pay()
    buyer.page.get_by_role("link", name="Your card number is incomplete.").click()
    expect(buyer.page.frame_locator(FIELDS).locator('[name="number"]')).to_be_focused()
    buyer.page.keyboard.type("4242")
    expect(buyer.page.frame_locator(FIELDS).locator('[name="number"]')).to_have_value("4242")


@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("ada@gmial.con", "ada@gmail.com"),
        ("ada@hotmial.com", "ada@hotmail.com"),
        ("ada@gmx.ed", "ada@gmx.de"),
        ("ada@gmail.com", None),
        ("ada@mail.com", None),
        ("ada@yahoo.ca", None),
        ("ada@example.com", None),
    ],
)
def test_an_address_that_is_likely_misspelt_is_asked_about(
    buyer: Buyer, typed: str, likely: str | None
) -> None:
    buyer.open("sticker")
    email = buyer.page.get_by_label("E-mail")
    email.fill(typed)
    email.blur()
    hint = buyer.page.get_by_text("Did you mean")
    if likely is None:
        expect(hint).to_be_hidden()
        return
    assert complaints(buyer.page) == []
    buyer.page.get_by_role("button", name=likely).click()
    expect(email).to_have_value(likely)
    expect(hint).to_be_hidden()
