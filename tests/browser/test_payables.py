"""A subscription, a download and a saved card, in a real browser against the whole product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, expect
from sqlalchemy.orm import Session

from parts.app import Web, Worker
from parts.process import wait_until
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from tests.browser.buyer import DECLINED, ONCE_SECURE, SECURE, Buyer
from tests.customers.mailed_link import link_for

pytestmark = pytest.mark.browser
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module", autouse=True)
def subscriber_workers(open_shop: Web, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The workers of what follows a payment."""
    assert open_shop.env is not None
    directory = tmp_path_factory.mktemp("subscriber_workers")
    with (
        Worker(directory, open_shop.env, "payment_standard"),
        Worker(directory, open_shop.env, "payment_critical"),
    ):
        yield


def follow_mailed_link(shop_app: Flask, buyer: Buyer, email: str) -> None:
    """Open the link that a mail to this address would hold, and press its button."""

    @atomic
    def known(session: Session) -> str:
        return customer_for(session, email).id

    with shop_app.app_context():
        link = link_for(known(), "/account")
        db.session.remove()
    buyer.page.goto(link)
    assert buyer.page_fits()
    buyer.page.get_by_role("button", name="Continue").click()
    buyer.is_at("/account$")


def wait_for(buyer: Buyer, shown: Locator) -> None:
    """What follows a payment is done by a job of its own, after the payment is complete."""

    def is_shown() -> bool:
        buyer.page.reload()
        return shown.is_visible()

    assert wait_until(is_shown, within=60)


def pay(buyer: Buyer, item: str, email: str, card: str = "4242424242424242") -> None:
    buyer.open(item)
    buyer.fill(card, email)
    buyer.press_pay()


def test_a_card_that_was_saved_pays_again_without_being_typed(
    buyer: Buyer, shop_app: Flask
) -> None:
    buyer.open()
    buyer.fill(email="saver@example.com")
    buyer.page.get_by_label("Save this card for next time").check()
    buyer.press_pay()
    buyer.sees("Thank you")
    follow_mailed_link(shop_app, buyer, "saver@example.com")
    wait_for(buyer, buyer.page.get_by_text("Visa ending in 4242"))
    buyer.open()
    expect(buyer.page.get_by_label("Visa ending in 4242")).to_be_checked()
    email = buyer.page.get_by_label("E-mail")
    buyer.page.get_by_label("Another card").check()
    email.fill("else@example.com")
    buyer.page.get_by_label("Visa ending in 4242").check()
    expect(email).to_have_value("saver@example.com")
    expect(email).not_to_be_editable()
    buyer.press_pay()
    buyer.sees("Thank you")


def test_another_card_can_be_typed_beside_the_saved_one(buyer: Buyer, shop_app: Flask) -> None:
    buyer.open()
    buyer.fill(email="both@example.com")
    buyer.page.get_by_label("Save this card for next time").check()
    buyer.press_pay()
    buyer.sees("Thank you")
    follow_mailed_link(shop_app, buyer, "both@example.com")
    wait_for(buyer, buyer.page.get_by_text("Visa ending in 4242"))
    buyer.open()
    buyer.page.get_by_label("Another card").check()
    buyer.fill("5555555555554444", email=None)
    buyer.press_pay()
    buyer.reads("Mastercard ending in 4444")


def test_a_saved_card_pays_while_stripe_is_gone(buyer: Buyer, shop_app: Flask) -> None:
    buyer.open()
    buyer.fill(email="gone@example.com")
    buyer.page.get_by_label("Save this card for next time").check()
    buyer.press_pay()
    buyer.sees("Thank you")
    follow_mailed_link(shop_app, buyer, "gone@example.com")
    buyer.reads("Visa ending in 4242")
    buyer.page.route("**/stripe.js", lambda route: route.abort())
    buyer.open()
    buyer.page.get_by_label("Another card").check()
    buyer.reads("The card fields couldn't load. No payment was made.")
    expect(buyer.page.locator("[data-pay]")).to_be_hidden()
    buyer.page.get_by_label("Visa ending in 4242").check()
    buyer.press_pay()
    buyer.sees("Thank you")


def test_a_plan_is_subscribed_to_and_cancelled(buyer: Buyer, shop_app: Flask) -> None:
    buyer.open("coffee-club")
    buyer.sees("Subscribe to Coffee club")
    buyer.fill(email="member@example.com")
    buyer.press_pay()
    buyer.sees("Thank you")
    buyer.reads("Monthly subscription - Coffee club")
    follow_mailed_link(shop_app, buyer, "member@example.com")
    buyer.page.get_by_role("link", name="Your subscriptions").click()
    wait_for(buyer, buyer.page.get_by_text("Visa ending in 4242"))
    expect(buyer.page.locator("[name=plan]:checked")).to_have_count(1)
    buyer.page.get_by_label("Coffee club plus, $26.00 every month").check()
    expect(buyer.page.get_by_role("button", name="Change the plan")).to_be_visible()
    buyer.page.get_by_role("button", name=re.compile("Cancel on")).click()
    buyer.reads("It ends. Nothing more is charged")
    assert buyer.page.evaluate(FITS)
    buyer.page.get_by_role("button", name="Cancel the subscription").click()
    buyer.reads("It ends on")


def test_a_subscriptions_card_is_replaced_without_a_charge(buyer: Buyer, shop_app: Flask) -> None:
    pay(buyer, "coffee-club", "replacer@example.com")
    buyer.sees("Thank you")
    follow_mailed_link(shop_app, buyer, "replacer@example.com")
    buyer.page.get_by_role("link", name="Your subscriptions").click()
    new_card = buyer.page.get_by_role("button", name="Enter a new card")
    wait_for(buyer, new_card)
    new_card.click()
    buyer.reads("Card for Coffee club")
    for nothing in (buyer.page.locator(".total"), buyer.page.get_by_text("Pay with")):
        expect(nothing).to_have_count(0)
    buyer.page.get_by_label("Another card").check()
    buyer.fill("5555555555554444", email=None)
    buyer.page.get_by_role("button", name="Use this card").click()
    buyer.sees("Thank you")
    buyer.reads("The next payment, of $15.00, is on")


def test_a_bank_that_asks_does_not_stop_a_subscription(buyer: Buyer) -> None:
    pay(buyer, "coffee-club", "checked@example.com", SECURE)
    buyer.answer_bank("complete")
    buyer.sees("Thank you")


def test_a_trial_begins_with_a_card_and_without_a_charge(buyer: Buyer) -> None:
    buyer.open("letter")
    buyer.reads("then $5.00 every month")
    buyer.fill(email="reader@example.com")
    buyer.page.get_by_role("button", name="Start free trial").click()
    buyer.sees("Thank you")
    buyer.reads("Free until")
    buyer.reads("Visa ending in 4242")


def test_the_bank_is_asked_before_a_trial_begins(buyer: Buyer) -> None:
    pay(buyer, "letter", "asked@example.com", ONCE_SECURE)
    buyer.answer_bank("complete")
    buyer.sees("Thank you")
    buyer.reads("Free until")


@pytest.mark.parametrize("item", ["field-notes", "coffee-club", "letter", "folding-pattern"])
def test_whatever_failed_is_tried_again_with_another_card(buyer: Buyer, item: str) -> None:
    pay(buyer, item, f"again-{item}@example.com", DECLINED)
    buyer.sees("The card was not saved" if item == "letter" else "Payment failed")
    buyer.page.get_by_role("link", name="Try another card").click()
    buyer.fill(email=None)
    buyer.press_pay()
    buyer.sees("Thank you")


def test_a_download_is_there_at_once(buyer: Buyer, tmp_path: Path) -> None:
    pay(buyer, "folding-pattern", "folder@example.com")
    buyer.sees("Thank you")
    with buyer.page.expect_download() as begun:
        buyer.page.get_by_role("link", name="Download").click()
    begun.value.save_as(tmp_path / "file")
    assert begun.value.suggested_filename == "folding-pattern.txt"
    assert "fold it in half" in (tmp_path / "file").read_text()


def test_no_page_of_a_subscriber_is_wider_than_its_window(buyer: Buyer, shop_app: Flask) -> None:
    pay(buyer, "coffee-club", "wide@example.com")
    buyer.sees("Thank you")
    follow_mailed_link(shop_app, buyer, "wide@example.com")
    for path in ("/account", "/account/subscriptions", "/checkout/coffee-club", "/"):
        buyer.page.goto(path)
        assert buyer.page_fits(), path
