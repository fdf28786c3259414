"""The card fields while Stripe is slow or gone, and a form that is easy to fill in, in a real
browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, FIELDS, WITHIN_MS, Buyer
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
LATE = "The card fields take longer than usual to load."
LABEL = ("font-family", "font-size", "font-weight", "line-height", "color", "margin-bottom")
FIELD = (
    *("font-family", "font-size", "line-height", "color", "background-color", "border-radius"),
    *("border-top-width", "border-top-style", "border-top-color", "box-shadow", "height"),
)
RING = ("outline-width", "outline-style", "outline-color", "outline-offset", "border-radius")
ERROR = ("font-family", "font-size", "font-weight", "color", "margin-top")
STYLES = """(node, names) => {
  const style = getComputedStyle(node);
  return names.map(name => [name, style.getPropertyValue(name)]);
}"""
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


def alike(one: Locator, other: Locator, names: tuple[str, ...]) -> None:
    assert one.evaluate(STYLES, names) == other.evaluate(STYLES, names)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_stripes_fields_look_as_our_own_do(buyer: Buyer, theme: Literal["light", "dark"]) -> None:
    """What Stripe does not take of a style it says in the console: nobody hears of it here."""
    page, frame = buyer.page, buyer.page.frame_locator(FIELDS)
    email, number = page.get_by_label("E-mail"), frame.locator('[name="number"]')
    page.emulate_media(color_scheme=theme)
    buyer.open()
    number.wait_for()
    alike(page.locator("label[for=email]"), frame.locator("label[for=number]"), LABEL)
    alike(email, number, FIELD)
    email.focus()
    ring = email.evaluate(STYLES, RING)
    number.focus()
    assert number.evaluate(STYLES, RING) == ring
    email.fill("ada")
    number.fill("4242")
    page.keyboard.press("Tab")
    expect(frame.get_by_text("Your card number is incomplete.")).to_be_visible()
    alike(email, number, FIELD)
    alike(page.locator("#email-error"), frame.locator("#number-error"), ERROR)


def test_stripes_fields_follow_the_theme_while_they_are_shown(buyer: Buyer) -> None:
    page, number = buyer.page, buyer.page.frame_locator(FIELDS).locator('[name="number"]')
    buyer.open()
    number.wait_for()
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        ground = page.get_by_label("E-mail").evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        expect(number).to_have_css("background-color", ground)


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
