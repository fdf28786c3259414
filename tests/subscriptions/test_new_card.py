"""A subscription's card can be added and replaced at any time, on a page that keeps it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.perform import perform
from payments_app.payments.models import Transaction
from payments_app.subscriptions.card_change import CardChange
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.periods import Period
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.subscriptions import test_pages
from tests.subscriptions.test_pages import known, one, subscribe, work

pytestmark = pytest.mark.portable
checkout = test_pages.checkout


def ask_for(browser: FlaskClient, subscription: str) -> str:
    """Press the button that leads to the page of the card; its path."""
    page = browser.get("/account/subscriptions", headers=BROWSER).text
    answer = browser.post(
        f"/account/subscriptions/{subscription}/new_card",
        data={"csrf_token": dict(FIELD.findall(page))["csrf_token"]},
        headers=BROWSER,
    )
    assert answer.status_code == 303
    return str(answer.location)


def enter(browser: FlaskClient, path: str, card: str) -> str:
    """Enter a card there; the path of what becomes of it."""
    form = dict(FIELD.findall(browser.get(path, headers=BROWSER).text))
    form |= {"email": "ada@example.com", "payment_method": card}
    answer = browser.post("/transactions", data=form, headers=BROWSER)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def card_of(checkout: CheckoutClient) -> str | None:
    with checkout.app.app_context():
        db.session.rollback()
        found = db.session.scalars(select(Subscription).where(own(Subscription))).one()
        return found.own_card.words if found.own_card else None


def test_a_new_card_replaces_the_old_one_without_a_charge(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    path = ask_for(browser, subscription)
    page = " ".join(browser.get(path, headers=BROWSER).text.replace("\u00a0", " ").split())
    for said in ('data-mode="setup"', "Use this card", "The next payment, of $15.00, is on"):
        assert said in page
    enter(browser, path, "pm_card_mastercard")
    work(checkout)
    assert card_of(checkout) == "Mastercard ending in 4444"
    with checkout.app.app_context():
        taken = db.session.scalars(select(Transaction.amount).where(own(Transaction))).all()
    assert sorted(taken) == [0, 1500]


def test_a_card_is_added_where_there_is_none(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    with checkout.app.app_context():
        take_card_away()
    assert (
        "No card is charged for it." in browser.get("/account/subscriptions", headers=BROWSER).text
    )
    enter(browser, ask_for(browser, subscription), "pm_card_mastercard")
    work(checkout)
    assert card_of(checkout) == "Mastercard ending in 4444"


@atomic
def take_card_away(session: Session) -> None:
    session.execute(update(Subscription).where(own(Subscription)).values(card_id=None))


def test_an_open_bill_is_tried_on_the_new_card_soon(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    test_pages.fall_behind(checkout)
    page = browser.get(path := ask_for(browser, subscription), headers=BROWSER).text
    assert "The open bill is charged to it at once." in page
    assert "Nothing is charged today" not in page
    enter(browser, path, "pm_card_mastercard")
    work(checkout)
    with checkout.app.app_context():
        unpaid = select(Period.next_try_at).where(own(Period), Period.paid_at.is_(None))
        due = db.session.scalars(unpaid).one()
        assert due is not None
        assert due <= utcnow()


def test_a_declined_card_changes_nothing_and_another_can_be_tried(
    checkout: CheckoutClient,
) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    path = ask_for(browser, subscription)
    failed = enter(browser, path, "pm_card_visa_chargeDeclined")
    work(checkout)
    assert card_of(checkout) == "Visa ending in 4242"
    assert path in browser.get(failed, headers=BROWSER).text  # "Try another card"
    assert ask_for(browser, subscription) == path
    enter(browser, path, "pm_card_mastercard")
    work(checkout)
    assert card_of(checkout) == "Mastercard ending in 4444"


def test_news_of_an_earlier_card_takes_no_later_one_away(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    browser = known(checkout)
    first = enter(browser, ask_for(browser, subscription), "pm_card_mastercard")
    work(checkout)
    enter(browser, ask_for(browser, subscription), "pm_card_amex")
    work(checkout)
    with checkout.app.app_context():
        again = Claim(0, "payment_standard", "subscriptions.on_payment", first[14:], 0, 0, 0)
        perform(again)
    assert card_of(checkout) == "Amex ending in 0005"


def test_nobody_else_asks_for_a_card_of_it(checkout: CheckoutClient) -> None:
    subscription = subscribe(checkout)
    page = checkout.page("/checkout/coffee-club").text
    form = {"csrf_token": dict(FIELD.findall(page))["csrf_token"]}
    path = f"/account/subscriptions/{subscription}/new_card"
    assert checkout.client.post(path, data=form, headers=BROWSER).status_code == 404


def test_a_saved_cards_address_stands_on_the_form_and_no_other_is_taken(
    checkout: CheckoutClient,
) -> None:
    subscribe(checkout)
    browser, card = known(checkout), one(checkout).card_id
    page = " ".join(browser.get("/checkout/field-notes", headers=BROWSER).text.split())
    assert 'value="ada@example.com" data-own="ada@example.com" readonly' in page
    form = dict(FIELD.findall(browser.get("/checkout/field-notes", headers=BROWSER).text))
    form |= {"email": "grace@example.com", "saved_card": card or ""}
    answer = browser.post("/transactions", data=form, headers=BROWSER)
    assert answer.status_code == 303
    with checkout.app.app_context():
        made = db.session.get_one(Transaction, answer.location[14:])
        assert made.email == "ada@example.com"


def test_to_look_at_the_address_asks_for_no_card(checkout: CheckoutClient) -> None:
    path = f"/account/subscriptions/{subscribe(checkout)}/new_card"
    browser = known(checkout)
    for look in (browser.get, browser.head):
        answer = look(path, headers=BROWSER)
        assert (answer.status_code, answer.location) == (303, "/account/subscriptions")
    with checkout.app.app_context():
        assert db.session.scalars(select(CardChange).where(own(CardChange))).all() == []
