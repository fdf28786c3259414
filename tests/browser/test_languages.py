"""A German buyer's journey, and every page turned to be read from right to left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, FIELDS, SECURE, WITHIN_MS, Buyer
from tests.browser.dashboard import Dashboard
from tests.browser.test_accessibility import complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# As an Arabic or Hebrew page: the direction, the language, and letters that run that way.
MIRROR = """() => {
  document.documentElement.dir = "rtl";
  document.documentElement.lang = "he";
  const letters = "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (["SCRIPT", "STYLE"].includes(node.parentElement.tagName)) continue;
    node.data = node.data.replace(/[A-Za-z]/g, (letter) => letters[letter.charCodeAt(0) % 10]);
  }
}"""


@pytest.fixture
def german(browser: Browser, open_shop: Web) -> Iterator[Buyer]:
    """Somebody whose browser speaks German, in Tokyo."""
    context = browser.new_context(base_url=open_shop.url, locale="de-DE", timezone_id="Asia/Tokyo")
    buyer = Buyer(context.new_page())
    yield buyer
    context.close()
    assert buyer.complaints == []


def test_a_german_buyer_reads_german_from_the_shop_to_the_thank_you(german: Buyer) -> None:
    german.page.goto("/")
    expect(german.page.get_by_text("Auf einer Seite bezahlen.")).to_be_visible()
    german.open()
    expect(german.page.locator("[data-pay]")).to_have_text("10,99\u00a0$ bezahlen")
    fields = german.page.frame_locator(FIELDS)
    expect(fields.get_by_label("Kartennummer")).to_be_visible()
    fields.get_by_label("Prüfziffer").fill("1")
    fields.get_by_label("Kartennummer").focus()
    expect(fields.get_by_text("Die Prüfziffer der Karte ist unvollständig.")).to_be_visible()
    german.fill(email="")
    german.press_pay()
    german.reads("Geben Sie Ihre E-Mail-Adresse ein.")
    german.page.select_option("#quantity", "2")
    expect(german.page.locator("[data-pay]")).to_have_text("21,98\u00a0$ bezahlen")
    german.fill()
    german.press_pay()
    german.sees("Danke")
    german.reads("21,98\u00a0$ wurden bezahlt.")
    expect(german.page.locator("dl.facts")).to_contain_text("+0900")


def test_a_german_buyer_reads_why_it_was_declined(german: Buyer) -> None:
    german.pay(DECLINED)
    german.sees("Zahlung fehlgeschlagen")
    german.reads("Ihre Bank hat diese Zahlung abgelehnt.")
    assert german.page.title().startswith("Zahlung fehlgeschlagen · ")


def test_a_german_buyer_s_bank_asks_in_german(german: Buyer) -> None:
    german.pay(SECURE)
    german.sees("Bestätigen Sie diese Zahlung bei Ihrer Bank")
    bank = german.page.frame_locator('iframe[title="Die Prüfung Ihrer Bank (3-D Secure)"]')
    expect(bank.get_by_role("heading")).to_have_text(
        "Ihre Bank möchte sichergehen, dass Sie es sind"
    )
    expect(bank.get_by_text("10,99 USD")).to_be_visible()
    expect(german.page.get_by_role("button", name="Abbrechen")).to_be_visible()
    bank.get_by_role("button", name="Bestätigen", exact=True).click()
    german.sees("Danke")


def test_the_other_language_is_one_link_away_and_is_kept(german: Buyer) -> None:
    german.page.goto("/cart")
    german.page.get_by_role("link", name="English").click()
    german.sees("Cart")
    german.page.goto("/")
    expect(german.page.get_by_text("Pay on one page.")).to_be_visible(timeout=WITHIN_MS)


def mirrored(buyer: Buyer) -> list[str]:
    buyer.page.evaluate(MIRROR)
    return complaints(buyer.page)


@pytest.mark.parametrize("path", ["/", "/account", "/downloads/none", "/nope", "/checkout/letter"])
def test_a_page_read_from_right_to_left(buyer: Buyer, path: str) -> None:
    buyer.page.goto(path)
    assert mirrored(buyer) == []


def test_a_cart_a_form_and_what_follows_read_from_right_to_left(buyer: Buyer) -> None:
    buyer.page.goto("/")
    buyer.page.get_by_role("button", name="Add Field notes to cart").click()
    buyer.sees("Cart")
    assert mirrored(buyer) == []
    buyer.open()
    buyer.fill()
    assert mirrored(buyer) == []
    buyer.press_pay()
    buyer.is_at("/thankyou")
    assert mirrored(buyer) == []
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    assert mirrored(buyer) == []


def test_an_account_read_from_right_to_left(buyer: Buyer, dashboard: Dashboard) -> None:
    buyer.page.goto(dashboard.account_link())
    buyer.page.get_by_role("button", name="Continue").click()
    expect(buyer.page.get_by_text("Visa ending in 0005").first).to_be_visible()
    for path in ("/account", "/account/subscriptions"):
        buyer.page.goto(path)
        assert mirrored(buyer) == []
