"""`make pictures`: every page of a buyer and each of its states, in both themes and two widths, and
a contact sheet of them all. It says nothing of itself: it is for people to look at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.dashboard import Dashboard

DIRECTORY = os.environ.get("PICTURES", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not DIRECTORY, reason="`make pictures` takes them"),
]

LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    *((390, "light"), (390, "dark")),
    *((1280, "light"), (1280, "dark")),
)
SHEET_WIDTH = 1900
Take = Callable[[Buyer, str], None]


@pytest.fixture(scope="module")
def take(browser: Browser) -> Iterator[Take]:
    """Takes the page that a buyer sees, in each look; at the end the contact sheet."""
    directory, names = Path(DIRECTORY).resolve(), []
    directory.mkdir(parents=True, exist_ok=True)

    def take(buyer: Buyer, name: str) -> None:
        names.append(name)
        for width, theme in LOOKS:
            buyer.page.set_viewport_size({"width": width, "height": 844})
            buyer.page.emulate_media(color_scheme=theme)
            path = directory / f"{name}-{width}-{theme}.png"
            buyer.page.screenshot(path=path, full_page=True)

    yield take
    page = browser.new_page(viewport={"width": SHEET_WIDTH, "height": 900})
    sheet = directory / "index.html"
    sheet.write_text(_sheet(names))
    page.goto(sheet.as_uri())
    page.screenshot(path=directory / "contact-sheet.png", full_page=True)
    page.close()


def _sheet(names: list[str]) -> str:
    rows = []
    for name in names:
        pictures = (
            f'<img src="{name}-{width}-{theme}.png" width="{width // 3}">' for width, theme in LOOKS
        )
        rows.append(f"<h2>{escape(name)}</h2><p>{' '.join(pictures)}</p>")
    style = "body{font:14px sans-serif;background:#999} img{vertical-align:top;margin:4px}"
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(rows)}"


@pytest.fixture
def german(browser: Browser, open_shop: Web) -> Iterator[Buyer]:
    context = browser.new_context(base_url=open_shop.url, locale="de-DE")
    yield Buyer(context.new_page())
    context.close()


PAGES = {
    "shop": "/",
    "cart-empty": "/cart",
    "form-several": "/checkout/field-notes",
    "form-free": "/checkout/sticker",
    "form-plan": "/checkout/coffee-club",
    "form-trial": "/checkout/letter",
    "account-ask": "/account",
    "download-gone": "/downloads/none",
    "not-found": "/nope",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page(buyer: Buyer, take: Take, name: str) -> None:
    buyer.page.goto(PAGES[name])
    if name.startswith("form-") and name != "form-free":
        expect(buyer.page.locator("[data-card-box='ready']")).to_be_visible()
    take(buyer, name)


def test_the_cart(buyer: Buyer, take: Take) -> None:
    buyer.page.goto("/")
    buyer.page.get_by_role("button", name="Add Field notes to cart").click()
    buyer.sees("Cart")
    take(buyer, "cart")
    buyer.page.get_by_role("spinbutton").fill("99")
    buyer.page.evaluate("document.querySelector('input[type=number]').max = ''")
    buyer.page.get_by_role("button", name="Change").click()
    take(buyer, "cart-refused")


def test_a_journey_that_ends_well(buyer: Buyer, take: Take) -> None:
    buyer.open()
    buyer.press_pay()
    take(buyer, "form-wrong")
    buyer.pay()
    buyer.sees("Thank you")
    take(buyer, "thank-you")


def test_a_decline(buyer: Buyer, take: Take) -> None:
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    take(buyer, "declined")


def test_the_banks_check(buyer: Buyer, take: Take) -> None:
    buyer.pay(SECURE)
    buyer.sees_bank()
    take(buyer, "bank")
    buyer.answer_bank("fail")
    buyer.sees("Payment not confirmed")
    take(buyer, "not-confirmed")


def test_an_account(buyer: Buyer, dashboard: Dashboard, take: Take) -> None:
    buyer.page.goto(dashboard.account_link())
    take(buyer, "account-continue")
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page.get_by_text("Visa ending in 0005").first).to_be_visible()
    for name, path in {
        "account": "/account",
        "subscriptions": "/account/subscriptions",
        "form-saved-card": "/checkout/field-notes",
    }.items():
        buyer.page.goto(path)
        take(buyer, name)


def test_the_same_in_german(german: Buyer, take: Take) -> None:
    for name, path in {"shop": "/", "form": "/checkout/letter"}.items():
        german.page.goto(path)
        take(german, f"german-{name}")
    german.page.goto("/")
    german.page.get_by_role("button", name="Field notes in den Warenkorb").click()
    german.sees("Warenkorb")
    take(german, "german-cart")
    german.pay()
    german.sees("Danke")
    take(german, "german-thank-you")
