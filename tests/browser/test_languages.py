"""A German buyer's journey, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, FIELDS, SECURE, WITHIN_MS, Buyer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
