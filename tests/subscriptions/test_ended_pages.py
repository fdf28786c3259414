"""An ended subscription's place in the account: what it came to, and what is still to be paid."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.subscriptions.final_bill import FinalBill
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.subscriptions import test_pages
from tests.subscriptions.test_new_card import ask_for, take_card_away
from tests.subscriptions.test_pages import known, one, press, read, spoil, subscribe, work

pytestmark = pytest.mark.portable
checkout = test_pages.checkout


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def mine(browser: FlaskClient, language: str = "en") -> str:
    page = browser.get(f"/account/subscriptions?lang={language}", headers=BROWSER)
    return plain(page.text)


def with_balance(checkout: CheckoutClient, balance: int) -> tuple[str, FlaskClient]:
    subscription = subscribe(checkout)
    browser = known(checkout)
    with checkout.app.app_context():
        spoil({"balance": balance})
    return subscription, browser


def test_the_account_shows_what_an_end_came_to(checkout: CheckoutClient) -> None:
    subscription, browser = with_balance(checkout, -700)
    page = plain(read(browser, subscription, "cancellation", when="now"))
    words = "Your credit goes back to Visa ending in 4242. Banks take 5 to 10 working days"
    assert f"{words} to show it $7.00 back" in page
    assert press(browser, subscription, "cancellation", when="now") == 303
    assert f"{words} to show it $7.00 back" in mine(browser)


def test_a_debt_that_waits_for_its_owner_is_paid_from_the_account(
    checkout: CheckoutClient,
) -> None:
    subscription, browser = with_balance(checkout, 1100)
    with checkout.app.app_context():
        take_card_away()
    assert press(browser, subscription, "cancellation", when="now") == 303
    with checkout.app.app_context():
        bill = db.session.scalars(select(FinalBill.id)).one()
    page = browser.get("/account/subscriptions", headers=BROWSER).text
    assert f'href="/checkout/{bill}"' in page
    assert "we e-mail you a link to pay $11.00" in mine(browser)
    assert "The last payment is not made yet Pay $11.00" in mine(browser)
    checkout.send(checkout.form(bill))
    work(checkout)
    assert "The last payment was made $11.00" in mine(browser)
    assert "Pay $11.00" not in mine(browser)


def test_until_the_end_the_account_says_what_it_will_come_to(checkout: CheckoutClient) -> None:
    subscription, browser = with_balance(checkout, 1100)
    assert "Added to your next bill: $11.00" in mine(browser)
    assert press(browser, subscription, "cancellation", when="end") == 303
    assert "Added to your next bill" not in mine(browser)
    said = "What was to go on the next bill is charged to Visa ending in 4242 $11.00"
    assert said in mine(browser)
    card = one(checkout).card_id or ""
    assert said in plain(read(browser, subscription, "card", card=card))
    removal = browser.get(f"/account/removed_cards?card={card}", headers=BROWSER).text
    assert "is due: we e-mail you a link to pay" in removal
    new = browser.get(ask_for(browser, subscription), headers=BROWSER).text.replace("\u00a0", " ")
    assert "with one last payment of $11.00." in new
    assert "your card is kept, and charged $11.00 on" in new


def test_a_german_reads_of_it_in_german(checkout: CheckoutClient) -> None:
    subscription, browser = with_balance(checkout, 1100)
    with checkout.app.app_context():
        take_card_away()
        spoil({"cancel_at_period_end": True})
    assert "Was auf die nächste Rechnung kommen sollte" in mine(browser, "de")
    assert press(browser, subscription, "cancellation", when="now") == 303
    assert "Die letzte Zahlung steht noch aus" in mine(browser, "de")
