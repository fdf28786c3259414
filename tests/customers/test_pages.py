"""The buyer's own pages, and who may pay with a saved card."""

from __future__ import annotations

import re
import secrets

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import one_time_links
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.customers import given_back
from payments_app.customers.models import Customer
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.customers import shoppers
from tests.customers.mailed_link import known, mailed
from tests.inbound.test_card_numbers import kept_in
from tests.own_worker import work
from tests.reconcile.books import execute
from tests.staff.stored_payments import StoredPayments
from tests.whole_words import says

pytestmark = pytest.mark.portable


@pytest.fixture
def card(checkout: CheckoutClient) -> str:
    """The id of ada's saved card."""
    browser = checkout.stranger()
    shoppers.buy(checkout, browser, save_card=True)
    known(checkout, browser=browser)
    return shoppers.cards(checkout)[0].id


def pay_with(browser: FlaskClient, card: str, email: str = "ada@example.com") -> int:
    body = {"item": "field-notes", "email": email, "saved_card": card}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    return browser.post("/transactions", json=body, headers=key).status_code


def token_of(page: str) -> str:
    return dict(FIELD.findall(page))["csrf_token"]


def test_a_known_customer_sees_the_saved_cards(checkout: CheckoutClient, card: str) -> None:
    page = known(checkout).get("/account", headers=BROWSER).text
    assert "Visa ending in 4242" in page
    assert re.search(r"expires \d\d/\d{4}<", page)


def test_where_one_is_signed_in_has_its_time_as_a_receipt_has(
    checkout: CheckoutClient, card: str
) -> None:
    page = known(checkout).get("/account", headers=BROWSER).text
    assert re.search(r"since [A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d [AP]M UTC", page)
    german = known(checkout).get("/account?lang=de", headers=BROWSER).text
    assert re.search(r"\d{1,2}\. [^ ]+ \d{4}, \d\d:\d\d UTC", german)


def test_an_unknown_browser_sees_no_card_and_is_offered_a_link(
    checkout: CheckoutClient, card: str
) -> None:
    page = checkout.stranger().get("/account", headers=BROWSER).text
    assert not says(page, "4242")
    assert "E-mail me a sign-in link" in page
    assert 'id="email-hint">The address that you entered when you paid.' in page
    assert 'aria-describedby="email-hint email-error"' in page


def test_the_link_is_mailed_to_the_customers_address(checkout: CheckoutClient, card: str) -> None:
    browser = checkout.stranger()
    token = token_of(browser.get("/account", headers=BROWSER).text)
    form = {"csrf_token": token, "email": "Ada@example.com"}
    asked = browser.post("/account/links", data=form, headers=BROWSER)
    with checkout.app.app_context():
        work("payment_standard")
        mail = db.session.scalars(select(Mail).where(Mail.kind == "account_link")).one()
        assert (mail.recipient, mail.link["to"]) == ("ada@example.com", "/account")
    assert asked.status_code == 200
    assert "Look among your spam, or" in asked.text
    assert '<a href="/account">ask for another one</a>' in asked.text


def test_an_address_that_nobody_has_gets_the_same_answer(
    checkout: CheckoutClient, card: str
) -> None:
    answers = set()
    for email in ("ada@example.com", "who@example.com"):
        browser = checkout.stranger()
        token = token_of(browser.get("/account", headers=BROWSER).text)
        answer = browser.post("/account/links", data={"csrf_token": token, "email": email})
        answers.add((answer.status_code, answer.text.replace(email, "")))
    assert len(answers) == 1


@pytest.mark.parametrize("token", ["forged", "x" * 3000])
def test_a_forged_link_makes_nobody_known(checkout: CheckoutClient, card: str, token: str) -> None:
    browser = checkout.stranger()
    assert browser.get(f"/account/{token}", headers=BROWSER).status_code == 410
    assert not says(browser.get("/account", headers=BROWSER).text, "4242")


@atomic
def make_link(session: Session, purpose: str, email: str) -> str:
    customer = session.scalars(select(Customer.id).where(Customer.email == email)).one()
    return one_time_links.make(session, purpose, customer, email, "/account")


def test_a_link_for_another_purpose_makes_nobody_known(checkout: CheckoutClient, card: str) -> None:
    with checkout.app.app_context():
        token = make_link("merchant", "ada@example.com")
    assert checkout.stranger().get(f"/account/{token}").status_code == 410


def test_a_link_is_of_no_use_once_its_time_is_over(checkout: CheckoutClient, card: str) -> None:
    path = mailed(checkout)
    with checkout.app.app_context():
        execute(update(OneTimeLink).where(own(OneTimeLink)).values(expires_at=database_now(-1)))
    assert checkout.stranger().get(path).status_code == 410


def test_a_known_customer_pays_with_the_saved_card(checkout: CheckoutClient, card: str) -> None:
    browser = known(checkout)
    assert pay_with(browser, card) == 202
    checkout.work()
    page = browser.get("/thankyou", headers=BROWSER)
    assert "Visa ending in 4242" in page.text


def test_the_checkout_offers_the_saved_card_to_its_owner_alone(
    checkout: CheckoutClient, card: str
) -> None:
    assert card in known(checkout).get("/checkout/field-notes", headers=BROWSER).text
    assert card not in checkout.page("/checkout/field-notes").text


def test_what_is_free_is_for_any_address_whatever_cards_are_saved(
    checkout: CheckoutClient, card: str
) -> None:
    browser = known(checkout)
    page = browser.get("/checkout/sticker", headers=BROWSER).text
    assert (card in page, "readonly" in page, "Saved cards" in page) == (False, False, False)
    assert 'value="ada@example.com"' in page
    assert "readonly" in browser.get("/checkout/field-notes", headers=BROWSER).text


def test_the_form_with_a_saved_card_is_not_cached(checkout: CheckoutClient, card: str) -> None:
    page = known(checkout).get("/checkout/field-notes", headers=BROWSER)
    assert "no-store" in page.headers["Cache-Control"]


def test_whoever_is_not_known_can_not_pay_with_a_saved_card(
    checkout: CheckoutClient, card: str
) -> None:
    assert pay_with(checkout.client, card) == 422


def test_a_known_customer_can_not_pay_with_somebody_elses_card(
    checkout: CheckoutClient, card: str
) -> None:
    checkout.pay(email="grace@example.com")
    browser = known(checkout, "grace@example.com")
    assert pay_with(browser, card, "grace@example.com") == 422


def test_a_saved_card_pays_for_its_owners_address_only(checkout: CheckoutClient, card: str) -> None:
    assert pay_with(known(checkout), card, "grace@example.com") == 202
    with checkout.app.app_context():
        made = select(Transaction.email).where(own(Transaction)).order_by(Transaction.created_at)
        assert db.session.scalars(made).all()[-1] == "ada@example.com"


def test_a_card_that_was_removed_is_not_charged(checkout: CheckoutClient, card: str) -> None:
    browser = known(checkout)
    token = token_of(browser.get("/account", headers=BROWSER).text)
    form = {"csrf_token": token, "card": card}
    assert browser.post("/account/removed_cards", data=form).status_code == 303
    assert pay_with(browser, card) == 422


@pytest.mark.parametrize("form", ["default_card", "removed_cards"])
@pytest.mark.parametrize("named", ["", "card_of_nobody"])
def test_a_card_that_is_not_named_is_not_found(
    checkout: CheckoutClient, card: str, form: str, named: str
) -> None:
    browser = known(checkout)
    token = token_of(browser.get("/account", headers=BROWSER).text)
    sent = browser.post(f"/account/{form}", data={"csrf_token": token, "card": named})
    assert sent.status_code == 404


def test_leaving_makes_the_browser_nobodys(checkout: CheckoutClient, card: str) -> None:
    browser = known(checkout)
    token = token_of(browser.get("/account", headers=BROWSER).text)
    browser.post("/account/leave", data={"csrf_token": token})
    assert not says(browser.get("/account", headers=BROWSER).text, "4242")


@pytest.mark.parametrize("written", ["4242424242424242", "4242%204242%204242%204242"])
def test_where_a_link_leads_to_keeps_no_card_number(
    checkout: CheckoutClient, card: str, written: str
) -> None:
    browser = checkout.stranger()
    token = token_of(browser.get("/account", headers=BROWSER).text)
    form = {"csrf_token": token, "email": "ada@example.com", "next": f"/account?note={written}"}
    assert browser.post("/account/links", data=form, headers=BROWSER).status_code == 200
    with checkout.app.app_context():
        work("payment_standard")
        mail = db.session.scalars(select(Mail).where(Mail.kind == "account_link")).one()
        assert (mail.recipient, mail.link["to"]) == ("ada@example.com", "/account")
        assert kept_in() == set()


@atomic
def _gone_back(session: Session, transaction_id: str) -> None:
    back = Refund(transaction_id=transaction_id, state="succeeded", amount=100, currency="usd")
    back.reason, back.requested_by = "Sent back", "system"
    session.add(back)


def test_what_went_back_is_led_to_however_much_it_is(
    checkout: CheckoutClient, card: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = StoredPayments(checkout.app)
    paid = [payments.payment() for _ in range(3)]
    with checkout.app.app_context():
        for id_ in (*paid, payments.payment(email="bob@example.com")):
            _gone_back(id_)
    browser = known(checkout)

    def listed(path: str) -> tuple[set[str], bool]:
        page = browser.get(path, headers=BROWSER).text
        return set(re.findall(r"/transactions/(txn_\w+)", page)), "Show earlier ones" in page

    assert listed("/account") == (set(paid), False)
    monkeypatch.setattr(given_back, "NEWEST", 2)
    first, more = listed("/account")
    assert (first < set(paid), len(first), more) == (True, 2, True)
    assert listed("/account?all=1") == (set(paid), False)
