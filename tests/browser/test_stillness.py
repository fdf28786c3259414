"""Nothing moves on a buyer's pages by itself, they weigh little, and their type is the system's
own, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, FIELDS, PAINTED, SECURE, Buyer
from tests.browser.test_card_fields import let_go
from tests.browser.test_goods import MOST_BYTES, PHONE, WIDE
from tests.browser.test_waiting import SLOW

pytestmark = pytest.mark.browser
Stripe = Callable[..., None]
# As browsers count: not what moves within half a second of a key or a click.
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) {
    if (each.hadRecentInput) continue;
    const nodes = each.sources.map(({ node, previousRect, currentRect }) =>
      `${node?.nodeName}.${node?.className ?? node?.data}: ${previousRect.y} to ${currentRect.y}`);
    window.shifts.push([each.value, ...nodes]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


# Of the page and what it loaded from us, unpacked.
WEIGHT = """["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind))
  .filter(each => each.name.startsWith(location.origin))
  .map(each => [each.name, each.decodedBodySize])"""


class Visit:
    """A buyer's way through the pages."""

    def __init__(self, buyer: Buyer) -> None:
        self.buyer, self.page = buyer, buyer.page
        self.fonts: list[str] = []
        self.page.on("request", self._listen)

    def _listen(self, asked: Request) -> None:
        if asked.resource_type == "font":
            self.fonts.append(asked.url)

    def is_still(self) -> None:
        self.page.evaluate(PAINTED)
        assert self.page.evaluate("window.shifts") == []

    def is_light(self) -> None:
        """And its type is the system's own."""
        self.page.wait_for_load_state("networkidle")
        own = self.page.evaluate(WEIGHT)
        assert 10_000 < sum(size for _, size in own) < MOST_BYTES, own
        family = "getComputedStyle(document.body).fontFamily"
        assert self.page.evaluate(family).startswith("system-ui")
        assert (self.page.evaluate("document.fonts.size"), self.fonts) == (0, [])


@pytest.fixture(params=[(PHONE, "en-US"), (WIDE, "en-US")], ids=["phone", "wide"])
def visit(request: pytest.FixtureRequest, browser: Browser, open_shop: Web) -> Iterator[Visit]:
    size, locale = request.param
    with browser.new_context(base_url=open_shop.url, locale=locale, viewport=size) as context:
        context.add_init_script(SHIFTS)
        buyer = Buyer(context.new_page())
        yield Visit(buyer)
        assert buyer.complaints == []


def test_nothing_moves_while_stripe_is_slow_nor_when_it_is_there(visit: Visit) -> None:
    page, held = visit.page, list[Route]()
    page.clock.install()
    page.route("**/stripe.js", lambda route: held.append(route))
    page.goto("/checkout/field-notes", wait_until="domcontentloaded")
    expect(page.locator(".skeleton")).to_be_visible()
    page.clock.fast_forward(8_100)
    visit.buyer.reads("The card fields take longer than usual to load.")
    let_go(page, held)
    page.frame_locator(FIELDS).locator('[name="number"]').wait_for()
    visit.is_still()


def test_nothing_moves_from_the_form_to_the_thank_you_however_long_it_takes(
    visit: Visit, stripe: Stripe
) -> None:
    stripe(SLOW)
    page = visit.page
    page.clock.install()
    visit.buyer.pay()
    visit.buyer.sees("Processing your payment")
    page.clock.fast_forward(10_500)
    expect(page.locator("[data-note=slow]")).to_be_visible()
    page.clock.fast_forward(50_500)
    expect(page.locator("[data-note=leave]")).to_be_visible()
    visit.is_still()
    visit.buyer.sees("Thank you")
    visit.is_still()


def test_nothing_moves_when_a_decline_arrives(visit: Visit, stripe: Stripe) -> None:
    stripe(SLOW)
    visit.buyer.pay(DECLINED)
    visit.buyer.sees("Processing your payment")
    visit.buyer.sees("Payment failed")
    visit.is_still()


@pytest.mark.parametrize(
    "visit",
    [(PHONE, "en-US"), (WIDE, "en-US"), (PHONE, "de-DE"), (WIDE, "de-DE")],
    ids=["phone", "wide", "german_phone", "german_wide"],
    indirect=True,
)
def test_nothing_moves_on_the_way_to_the_bank_and_back(visit: Visit, stripe: Stripe) -> None:
    stripe(SLOW)
    buyer, page = visit.buyer, visit.page
    buyer.pay(SECURE)
    page.locator("[data-phase=processing]").wait_for()
    buyer.sees_bank()
    visit.is_still()
    stripe()
    buyer.answer_bank("complete")
    buyer.is_at("/thankyou")
    visit.is_still()


def test_nothing_moves_while_it_is_asked_what_became_of_it(visit: Visit, stripe: Stripe) -> None:
    stripe(
        SLOW,
        {"fault": "drop_after", "match": {"path": "/confirm$"}, "times": None},
        {"fault": "500_before", "match": {"method": "GET"}, "times": None},
    )
    visit.buyer.pay()
    visit.buyer.sees("Processing your payment")
    visit.buyer.sees("We're checking with your bank")
    visit.is_still()
    stripe()
    visit.buyer.sees("Thank you")
    visit.is_still()


def test_each_page_weighs_less_than_60_kb_and_brings_no_fonts(visit: Visit) -> None:
    buyer, page = visit.buyer, visit.page
    buyer.open()
    page.frame_locator(FIELDS).locator('[name="number"]').wait_for()
    visit.is_light()
    buyer.fill(DECLINED)
    buyer.press_pay()
    buyer.sees("Payment failed")
    visit.is_light()
    page.get_by_role("link", name="Try another card").click()
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")
    visit.is_light()
