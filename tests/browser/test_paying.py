"""Paying, in a real browser against the whole product."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.browser.buyer import DECLINED, FIELDS, GOOD, POOR, SECURE, Buyer

pytestmark = pytest.mark.browser


def test_a_good_card_leads_to_the_thank_you_page(buyer: Buyer) -> None:
    buyer.pay()
    buyer.sees("Thank you")
    buyer.reads("Visa ending in 4242")
    buyer.reads("We'll e-mail a receipt to ada@example.com.")


def test_no_card_number_is_sent_to_us(buyer: Buyer) -> None:
    ours, theirs = list[str](), list[str]()

    def note(sent: Request) -> None:
        to_us = sent.url.startswith(buyer.page.url.partition("/checkout")[0])
        (ours if to_us else theirs).append(f"{sent.url} {sent.post_data}")

    buyer.open()
    buyer.page.on("request", note)
    buyer.fill()
    buyer.press_pay()
    buyer.sees("Thank you")
    assert any("/transactions " in sent for sent in ours)
    assert [sent for sent in ours if GOOD in sent or "4242%20" in sent] == []
    assert [GOOD in sent for sent in theirs].count(True) == 1  # or it is looked for in vain


def test_a_declined_card_is_said_in_a_buyers_words(buyer: Buyer) -> None:
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    buyer.reads("Your bank declined this payment.")
    expect(buyer.page.get_by_text("Your bank decides")).to_be_hidden()


def test_a_card_without_funds_says_so(buyer: Buyer) -> None:
    buyer.pay(POOR)
    buyer.reads("Your card does not have enough funds, or has reached a limit.")


def test_another_card_after_a_decline_needs_no_typing_again(buyer: Buyer) -> None:
    buyer.open()
    key = buyer.page.locator("[name=key]").input_value()
    buyer.fill(DECLINED)
    buyer.press_pay()
    buyer.page.get_by_role("link", name="Try another card").click()
    assert buyer.page.locator("[name=key]").input_value() not in ("", key)
    assert buyer.page.get_by_label("E-mail").input_value() == "ada@example.com"
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")
    assert buyer.status()["attempt"] == 2


def test_the_banks_check_accepted_completes_the_payment(buyer: Buyer) -> None:
    buyer.pay(SECURE)
    buyer.answer_bank("complete")
    buyer.sees("Thank you")


def test_the_banks_check_refused_offers_another_try(buyer: Buyer) -> None:
    buyer.pay(SECURE)
    buyer.answer_bank("fail")
    buyer.sees("Payment not confirmed")
    buyer.reads("Your bank needs you to confirm this payment.")


def test_a_double_click_makes_one_payment(buyer: Buyer) -> None:
    posts: list[str] = []
    buyer.page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    buyer.open()
    buyer.fill()
    buyer.page.locator("[data-pay]").dblclick()
    buyer.sees("Thank you")
    assert [url for url in posts if url.endswith("/transactions")] == [posts[-1]]


def test_going_back_after_paying_shows_the_result(buyer: Buyer) -> None:
    buyer.pay()
    buyer.sees("Thank you")
    buyer.page.go_back()
    buyer.sees("Thank you")


def test_no_reload_sends_anything(buyer: Buyer) -> None:
    """Neither while the bank asks, nor after a decline, nor after it is paid."""
    sent: list[str] = []
    buyer.page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)

    def again(heading: str) -> None:
        buyer.sees(heading)
        sent.clear()
        buyer.page.reload()
        buyer.sees(heading)
        assert [url for url in sent if url.endswith("/transactions")] == []

    buyer.pay(DECLINED)
    again("Payment failed")
    buyer.pay(SECURE)
    buyer.sees_bank()
    again("Confirm this payment with your bank")
    buyer.answer_bank("complete")
    again("Thank you")
    buyer.pay()
    again("Thank you")


def test_a_reload_after_paying_charges_nothing(buyer: Buyer) -> None:
    buyer.pay()
    buyer.sees("Thank you")
    before = buyer.status()
    buyer.page.reload()
    buyer.sees("Thank you")
    assert buyer.status() == before


def test_the_quantity_changes_the_price_on_the_button(buyer: Buyer) -> None:
    buyer.open()
    buyer.page.get_by_label("Quantity").select_option("3")
    buyer.fill()
    buyer.page.get_by_role("button", name="Pay $32.97").click()
    buyer.sees("Thank you")
    buyer.reads("$32.97")


def test_an_empty_form_gets_a_summary_with_the_focus(buyer: Buyer) -> None:
    buyer.open()
    buyer.page.frame_locator("iframe").locator('[name="number"]').wait_for()
    buyer.press_pay()
    buyer.reads("There is a problem")
    assert buyer.page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    links = buyer.page.locator("[data-error-summary] a")
    assert links.evaluate_all("all => all.map(one => one.hash)") == ["#email", "#card"]
    links.first.click()
    expect(buyer.page.get_by_label("E-mail")).to_be_focused()


def test_an_error_in_the_card_unlocks_the_button(buyer: Buyer) -> None:
    buyer.open()
    buyer.fill("4242424242424241")
    buyer.press_pay()
    buyer.reads("There is a problem")
    assert (
        buyer.page.get_by_role("button", name="Pay $10.99").get_attribute("aria-disabled") is None
    )


def test_no_page_is_wider_than_its_window(buyer: Buyer) -> None:
    buyer.page.goto("/")
    assert buyer.page_fits()
    buyer.open()
    buyer.fill(DECLINED)
    buyer.page.get_by_text("Cards to try in test mode").click()
    assert buyer.page_fits()
    buyer.press_pay()
    buyer.sees("Payment failed")
    assert buyer.page_fits()


def test_a_phone_has_one_column_and_nobody_is_asked_for_an_account(buyer: Buyer) -> None:
    page = buyer.page
    page.set_viewport_size({"width": 390, "height": 844})
    buyer.open()
    page.frame_locator(FIELDS).locator('[name="number"]').wait_for()
    bottom = page.locator(".order").evaluate("each => each.getBoundingClientRect().bottom")
    top = page.locator("[data-module=checkout]").evaluate(
        "each => each.getBoundingClientRect().top"
    )
    assert bottom <= top
    assert page.locator("input[type=password]").count() == 0
    buyer.fill()
    buyer.press_pay()
    buyer.sees("Thank you")


def test_the_form_can_be_filled_and_sent_by_keyboard_alone(buyer: Buyer) -> None:
    buyer.open()
    page = buyer.page
    page.frame_locator("iframe").locator('[name="number"]').wait_for()
    page.get_by_label("E-mail").focus()
    page.keyboard.type("ada@example.com")
    for words in ("4242424242424242", "1234", "123"):
        page.keyboard.press("Tab")
        page.keyboard.type(words)
    for _ in ("country", "postal code", "save this card", "your cards", "pay"):
        page.keyboard.press("Tab")
    expect(page.locator("[data-pay]")).to_be_focused()
    page.keyboard.press("Enter")
    buyer.sees("Thank you")


def test_without_javascript_the_checkout_says_so_and_has_no_dead_button(
    scriptless_buyer: Buyer,
) -> None:
    scriptless_buyer.open()
    # Playwright's search by text passes over <noscript>.
    expect(scriptless_buyer.page.locator("noscript .notice")).to_be_visible()
    assert not scriptless_buyer.page.locator("[data-pay]").is_visible()
    for words in ("Save this card", "Stripe keeps it.", "even if you press Pay twice"):
        expect(scriptless_buyer.page.get_by_text(words)).to_be_hidden()


def test_without_javascript_something_free_can_be_had(scriptless_buyer: Buyer) -> None:
    scriptless_buyer.open("sticker")
    scriptless_buyer.page.get_by_label("E-mail").fill("ada@example.com")
    scriptless_buyer.page.get_by_role("button", name="Get it free").click()
    scriptless_buyer.sees("Thank you")
