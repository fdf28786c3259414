"""A subscription's card, in a real browser: entered where there is none, and put in another's
place; and a saved card's address on the form."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.buyer import DECLINED, Buyer
from tests.browser.patron import SUBSCRIPTIONS, Patron, read
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser

MASTERCARD = "5555555555554444"


def enter(buyer: Buyer, card: str) -> None:
    """On the page that takes a new one; it is charged nothing."""
    buyer.sees("Card for Coffee club")
    if (another := buyer.page.get_by_label("Another card", exact=True)).count():
        another.check()
    buyer.fill(card, email=None)
    expect(buyer.page.locator("[data-pay]")).to_have_text("Use this card")
    buyer.press_pay()


def test_a_card_is_entered_where_there_is_none(patron: Patron) -> None:
    member = patron.subscribe()
    patron.in_shop(lambda: patron.driver.remove_card(member))
    patron.page.goto(SUBSCRIPTIONS)
    assert "No card is charged for it." in read(patron.page)
    patron.page.get_by_role("button", name="Add a card").click()
    assert f"The next payment, of $15.00, is on {patron.ends()}." in read(patron.page)
    assert complaints(patron.page) == []
    patron.page.get_by_label("E-mail").fill(patron.email)
    enter(patron.buyer, MASTERCARD)
    is_charged_to(patron, "Mastercard ending in 4444")


def test_another_card_takes_its_place_and_a_declined_one_does_not(patron: Patron) -> None:
    patron.subscribe()
    patron.page.get_by_role("button", name="Enter a new card").click()
    enter(patron.buyer, DECLINED)
    patron.buyer.reads("Your bank declined")
    patron.work()
    assert patron.card() == "Visa ending in 4242"
    patron.page.get_by_role("link", name="Try another card").click()
    enter(patron.buyer, MASTERCARD)
    is_charged_to(patron, "Mastercard ending in 4444")


def is_charged_to(patron: Patron, card: str) -> None:
    """Nothing was charged for it; the account and the mail say what the card is charged next."""
    patron.buyer.is_at("/thankyou")
    patron.work()
    assert patron.card() == card
    assert [one.amount for one in patron.payments() if one.state == "complete"] == [1500, 0]
    patron.page.goto(SUBSCRIPTIONS)
    patron.buyer.reads(card)
    mail = patron.opens_mail("Corner Shop: Card for Coffee club")
    assert f"The next payment, of $15.00, is on {patron.ends()}." in mail
    assert f"Card {card}" in mail


def test_a_saved_card_s_address_stands_on_the_form_and_only_another_card_s_can_be_typed(
    patron: Patron,
) -> None:
    patron.subscribe()
    patron.buyer.open()
    field = patron.page.get_by_label("E-mail")
    expect(patron.page.get_by_label("Visa ending in 4242")).to_be_checked()
    for _ in range(2):
        expect(field).to_have_value(patron.email)
        expect(field).not_to_be_editable()
        patron.page.get_by_label("Another card", exact=True).check()
        expect(field).to_be_editable()
        field.fill("grace@example.com")
        patron.page.get_by_label("Visa ending in 4242").check()
    expect(field).to_have_value(patron.email)
    patron.buyer.press_pay()
    patron.buyer.sees("Thank you")
    assert [one.amount for one in patron.payments()] == [1500, 1099]
