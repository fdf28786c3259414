"""Where things stand on a buyer's pages, in a real browser: the order stays beside what is done,
and sums stand under each other."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask, get_template_attribute, render_template
from playwright.sync_api import Browser, Locator, ViewportSize, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.test_waiting import SLOW

pytestmark = pytest.mark.browser
WIDE: ViewportSize = {"width": 1280, "height": 844}
PHONE: ViewportSize = {"width": 390, "height": 844}


def left(found: Locator) -> float:
    return float(found.evaluate("one => one.getBoundingClientRect().left"))


def top(found: Locator) -> float:
    return float(found.evaluate("one => one.getBoundingClientRect().top"))


def lines(found: Locator) -> int:
    """On how many lines its text stands."""
    tops = """one => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size;
    }"""
    return int(found.evaluate(tops))


def ends(found: Locator) -> set[int]:
    """Where these end, in whole pixels."""
    return set(
        found.evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().right))")
    )


def standing(buyer: Buyer, beside: str) -> list[tuple[object, ...]]:
    """Where the order stands, and what is done beside it, on a wide screen and on a phone."""
    found = list[tuple[object, ...]]()
    items, done = buyer.page.locator(".items"), buyer.page.locator(beside)
    for size in (WIDE, PHONE):
        buyer.page.set_viewport_size(size)
        buyer.page.evaluate("window.scrollTo(0, 0)")
        found.append((left(items), ends(items), top(items), left(done), ends(done), top(done)))
    return found


def test_the_order_stays_while_form_waiting_bank_and_outcome_change_beside_it(
    buyer: Buyer, stripe: Callable[..., None]
) -> None:
    stripe(SLOW)
    buyer.open()
    buyer.page.locator("[data-card-box=ready]").wait_for()
    before = standing(buyer, "#checkout")
    buyer.fill(SECURE)
    buyer.press_pay()
    buyer.sees("Processing your payment")
    assert standing(buyer, ".outcome") == before
    buyer.sees_bank()
    assert standing(buyer, ".outcome") == before
    stripe()
    buyer.answer_bank("fail")
    buyer.sees("Payment not confirmed")
    assert standing(buyer, ".outcome") == before
    buyer.page.get_by_role("link", name="Try again").click()
    buyer.fill(DECLINED, email=None)
    buyer.press_pay()
    buyer.sees("Payment failed")
    assert standing(buyer, ".outcome") == before


@pytest.mark.parametrize("item", ["sticker", "field-notes"])
def test_a_price_ends_where_the_order_ends_however_short_its_words(buyer: Buyer, item: str) -> None:
    buyer.page.set_viewport_size(WIDE)
    buyer.open(item)
    assert ends(buyer.page.locator(".items .price")) == ends(buyer.page.locator(".order"))


def test_a_price_stands_beside_a_name_that_takes_two_lines(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(PHONE)
    buyer.pay(item="coffee-club")
    buyer.sees("Thank you")
    name, price = (buyer.page.locator(f".items li > div > {css}") for css in ("span", ".price"))
    assert top(price) == top(name.first)
    assert ends(price) == ends(buyer.page.locator(".items"))


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_whom_to_ask_is_an_unbroken_address(
    browser: Browser, open_shop: Web, shop_app: Flask, locale: str
) -> None:
    contact = shop_app.config["CONFIG"].shop_contact
    with browser.new_context(base_url=open_shop.url, locale=locale, viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/account")
        expect(page.locator(".colophon [href^=mailto]")).to_have_text(contact)
        assert lines(page.locator(".colophon [href^=mailto]")) == 1
        assert ends(page.locator(".colophon")) == {PHONE["width"]}
        words = {"subject": "Sign in", "shop": "Shop", "link": "https://example.com", "minutes": 1}
        with shop_app.test_request_context("/", headers={"Accept-Language": locale}):
            page.set_content(render_template("mail/account_link.html", **words))
        assert lines(page.locator("[href^=mailto]")) == 1


def test_what_was_paid_ends_in_one_line_also_where_it_takes_a_line_of_its_own(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(PHONE)
    buyer.pay()
    buyer.sees("Thank you")
    assert ends(buyer.page.locator(".facts dd")) == ends(buyer.page.locator(".facts"))


def test_the_sums_of_a_change_stand_under_each_other(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto(dashboard.account_link())
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page).to_have_url(re.compile("/account"))
    subscription = dashboard.values["subscription_id"]
    buyer.page.goto(f"/account/subscriptions/{subscription}/cancellation?when=now")
    for size in (WIDE, PHONE):
        buyer.page.set_viewport_size(size)
        sums = buyer.page.locator(".effects strong")
        assert ends(sums) == ends(buyer.page.locator(".effects"))
        words = buyer.page.locator(".effects dd")
        words.first.locator("xpath=../dt").evaluate("date => { date.textContent = 'Today'; }")
        assert len(set(words.evaluate_all("all => all.map(one => one.offsetLeft)"))) == 1


def test_a_sum_in_words_leaves_what_happens_its_room(buyer: Buyer, shop_app: Flask) -> None:
    buyer.page.set_viewport_size(PHONE)
    with shop_app.test_request_context("/", headers={"Accept-Language": "en-US"}):
        shown = get_template_attribute("components/effects.html", "effects")
        what = "The days that are left until December 28, 2026 cost less for the other plan"
        found = [("Today", what, "$10.00 off the next bill"), ("Today", "It ends", "$0.00")]
        lines_shown = str(shown(found))
    buyer.page.goto("/account")
    card = buyer.page.locator("main .card").first
    card.evaluate("(card, lines) => { card.innerHTML = lines; }", lines_shown)
    words, sums = (buyer.page.locator(f".effects dd > {css}") for css in ("span", "strong"))
    assert lines(words.first) <= 3
    assert lines(sums.first) == 1
    assert top(sums.last) == top(words.last)
    assert ends(sums) == ends(buyer.page.locator(".effects"))


def test_on_a_phone_the_order_stays_too_and_folds(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(PHONE)
    buyer.open()
    order = buyer.page.locator(".order")
    before = top(order)
    buyer.fill(DECLINED)
    buyer.press_pay()
    buyer.sees("Payment failed")
    buyer.page.evaluate("window.scrollTo(0, 0)")
    assert top(order) == before
    expect(buyer.page.locator(".total")).to_be_hidden()
    buyer.page.get_by_text("Hide order summary").click()
    expect(order).to_be_hidden()
    expect(buyer.page.locator(".reveal strong")).to_have_text("$10.99")
    buyer.page.set_viewport_size(WIDE)
    expect(order).to_be_visible()
    expect(buyer.page.locator(".total")).to_be_visible()


def test_on_a_phone_a_trial_s_total_says_that_it_is_today_s(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(PHONE)
    buyer.open("letter")
    expect(buyer.page.locator(".reveal summary")).to_contain_text("Today Free")
    buyer.open("sticker")  # free for good
    expect(buyer.page.locator(".reveal summary")).not_to_contain_text("Today")


@pytest.mark.parametrize("size", [PHONE, WIDE])
def test_nothing_moves_while_one_waits(
    browser: Browser, open_shop: Web, stripe: Callable[..., None], size: ViewportSize
) -> None:
    match = {"method": "POST", "path": "/v1/payment_intents$"}
    stripe({"fault": "slow", "ms": 4000, "match": match, "times": None})
    with browser.new_context(base_url=open_shop.url, locale="en-US", viewport=size) as context:
        buyer = Buyer(context.new_page())
        buyer.page.clock.install()
        buyer.pay()
        buyer.sees("Processing your payment")
        places = [buyer.page.locator(css) for css in (".steps", ".facts", ".colophon")]
        before = [top(place) for place in places]
        for seconds, name in ((10, "slow"), (50, "leave")):
            buyer.page.clock.fast_forward(seconds * 1000 + 500)
            expect(buyer.page.locator(f"[data-note={name}]")).to_be_visible()
            assert [top(place) for place in places] == before, name


def test_a_mail_fits_a_phone_and_is_not_wide_elsewhere(buyer: Buyer, shop_app: Flask) -> None:
    words = {
        "subject": "Sign in",
        "shop": "Corner Shop",
        "link": "https://example.com",
        "minutes": 1,
    }
    with shop_app.test_request_context("/"):
        buyer.page.set_content(render_template("mail/account_link.html", **words))
    paper = buyer.page.locator("table[bgcolor='#ffffff']")
    for size, most in ((PHONE, 350), (WIDE, 520)):
        buyer.page.set_viewport_size(size)
        assert paper.evaluate("paper => paper.offsetWidth") == most
        assert buyer.page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_each_button_of_the_shop_stands_beside_its_price(buyer: Buyer) -> None:
    buyer.page.set_viewport_size(WIDE)
    buyer.page.goto("/")
    middles = buyer.page.locator(".product:has(> .button)").evaluate_all(
        """all => all.map(one => [".price", ":scope > .button"].map(css => {
          const {top, bottom} = one.querySelector(css).getBoundingClientRect();
          return Math.round((top + bottom) / 2);
        }))"""
    )
    assert len(middles) > 5
    assert [pair for pair in middles if abs(pair[0] - pair[1]) > 1] == []
