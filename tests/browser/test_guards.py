"""What a buyer has already is asked about, or refused in words, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.buyer import Buyer
from tests.browser.patron import CLUB, SUBSCRIPTIONS, Patron, read
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser


def send(buyer: Buyer, patron: Patron, *, keep: bool = False) -> None:
    """Fill the form that is open with a new card, and press its button."""
    if (another := buyer.page.get_by_label("Another card", exact=True)).count():
        another.check()
    if keep:
        buyer.page.get_by_label("Save this card for next time").check()
    buyer.fill(email=patron.email)
    buyer.press_pay()


def test_the_same_plan_is_not_begun_twice(patron: Patron) -> None:
    patron.subscribe()
    patron.buyer.open(CLUB)
    send(patron.buyer, patron)
    patron.buyer.reads("You have Coffee club already.")
    assert complaints(patron.page) == []
    assert len(patron.payments()) == 1
    assert patron.subscription().status == "active"
    patron.page.get_by_role("link", name="You have Coffee club already.").click()
    patron.buyer.is_at(f"{SUBSCRIPTIONS}$")


def test_the_owner_of_an_address_is_asked_by_mail_of_what_another_browser_began(
    patron: Patron, stranger: Buyer
) -> None:
    patron.subscribe()
    elsewhere = Patron(patron.app, stranger)
    elsewhere.email = patron.email
    elsewhere.buy(CLUB)
    mail = patron.opens_mail("Your receipt from Corner Shop: $15.00", of=2)
    assert "You have Coffee club more than once now. If you did not mean that, cancel" in mail
    patron.page.get_by_role("link", name="cancel one of them").click()
    patron.buyer.is_at(f"{SUBSCRIPTIONS}$")
    expect(patron.page.get_by_role("button", name="Cancel now")).to_have_count(2)


def test_of_three_trials_at_once_one_is_begun(patron: Patron) -> None:
    tabs = [patron.buyer, *(Buyer(patron.page.context.new_page()) for _ in range(2))]
    for tab in tabs:
        tab.open("letter")
        tab.fill(email=patron.email)
    for tab in tabs:
        tab.press_pay()
    begun, refused = [], []
    for tab in tabs:
        outcome = tab.page.locator("h1:has-text('Thank you'), [role=alert]:has-text('already')")
        expect(outcome.first).to_be_visible(timeout=30_000)
        (begun if "/thankyou" in tab.page.url else refused).append(read(tab.page))
    assert (len(begun), len(refused)) == (1, 2)
    assert all("You have The weekly letter already." in page for page in refused)
    patron.work()
    assert patron.subscription().status == "trialing"


def test_one_to_a_customer_is_one(patron: Patron) -> None:
    for words in ("Thank you", "One to a customer, and you have ordered 1 already."):
        patron.buyer.open("sticker")
        patron.page.get_by_label("E-mail").fill(patron.email)
        patron.buyer.press_pay()
        patron.buyer.reads(words)
    assert complaints(patron.page) == []
    assert len(patron.payments()) == 1


def test_a_card_that_is_entered_twice_is_kept_once(patron: Patron) -> None:
    patron.buy()
    patron.sign_in("/account")
    for _ in range(2):
        patron.buyer.open()
        send(patron.buyer, patron, keep=True)
        patron.buyer.sees("Thank you")
        patron.work()
    patron.page.goto("/account")
    expect(patron.page.get_by_text("Visa ending in 4242")).to_have_count(1)
    patron.buyer.open()
    expect(patron.page.get_by_label("Visa ending in 4242")).to_have_count(1)


def test_a_plan_is_being_set_up_right_after_paying(patron: Patron) -> None:
    patron.buyer.open(CLUB)
    send(patron.buyer, patron)
    patron.buyer.sees("Thank you")
    patron.sign_in()
    patron.buyer.reads("It is being set up. This takes a few seconds")
    assert "No subscriptions yet." not in read(patron.page)
    assert complaints(patron.page) == []
    patron.work()
    patron.page.reload()
    patron.buyer.reads("Paid until")
