"""Whose a kept card is: nobody's, until the browser that paid with it has proved the address.

Ada is known and has saved a Visa. Mallory is not known, and types ada's address.
"""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.customers.models import Customer
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.customers.mailed_link import known, mailed
from tests.customers.shoppers import (
    ADA,
    GRACE,
    buy,
    cards,
    customer,
    is_refused,
    press,
    read,
    send,
    work,
)
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.fixture
def ada(checkout: CheckoutClient) -> FlaskClient:
    """Ada's browser: known, and with a card that it saved."""
    buy(checkout, checkout.client)
    browser = known(checkout, browser=checkout.client)
    buy(checkout, browser, save_card=True)
    return browser


@pytest.fixture
def mallory(checkout: CheckoutClient) -> FlaskClient:
    return checkout.stranger()


def account(browser: FlaskClient) -> str:
    """What a browser's own page says."""
    return browser.get("/account", headers=BROWSER).text


def test_a_card_kept_under_anothers_address_gets_a_stripe_customer_of_its_own(
    checkout: CheckoutClient, ada: FlaskClient, mallory: FlaskClient
) -> None:
    made = read(checkout, buy(checkout, mallory, save_card=True))
    mine, theirs = cards(checkout)
    assert made.state == "complete"
    assert theirs.stripe_customer_id == made.stripe_customer_id
    assert theirs.stripe_customer_id != mine.stripe_customer_id


def test_a_card_kept_under_anothers_address_changes_nothing_of_the_account(
    checkout: CheckoutClient, ada: FlaskClient, mallory: FlaskClient
) -> None:
    before = customer(checkout)
    buy(checkout, mallory, save_card=True, payment_method="pm_card_mastercard")
    after = customer(checkout)
    assert after.default_payment_method_id == before.default_payment_method_id
    assert after.stripe_customer_id == before.stripe_customer_id
    assert "Mastercard" not in account(ada)
    assert "Mastercard" not in ada.get("/checkout/field-notes", headers=BROWSER).text


def test_the_addresss_owner_can_not_spend_a_strangers_card(
    checkout: CheckoutClient, ada: FlaskClient, mallory: FlaskClient
) -> None:
    buy(checkout, mallory, save_card=True, payment_method="pm_card_mastercard")
    _, theirs = cards(checkout)
    assert is_refused(send(ada, payment_method=None, saved_card=theirs.id))
    assert is_refused(send(ada, payment_method=theirs.payment_method))
    assert press(ada, "/account/default_card", card=theirs.id) == 404
    assert press(ada, "/account/removed_cards", card=theirs.id) == 404


def test_a_card_of_an_unproved_address_is_nobodys_default(
    checkout: CheckoutClient, mallory: FlaskClient
) -> None:
    buy(checkout, mallory, save_card=True)
    found = customer(checkout)
    assert (found.default_payment_method_id, found.stripe_customer_id) == (None, None)


def test_who_kept_it_can_not_spend_it_under_the_typed_address(
    checkout: CheckoutClient, ada: FlaskClient, mallory: FlaskClient
) -> None:
    buy(checkout, mallory, save_card=True)
    for card in cards(checkout):
        assert is_refused(send(mallory, payment_method=None, saved_card=card.id))
        assert is_refused(send(mallory, payment_method=card.payment_method, save_card=True))


def test_two_strangers_of_one_address_share_no_stripe_customer(checkout: CheckoutClient) -> None:
    for _ in range(2):
        buy(checkout, checkout.stranger(), save_card=True)
    first, second = cards(checkout)
    assert first.stripe_customer_id != second.stripe_customer_id


def test_a_lost_answer_makes_one_stripe_customer_for_the_payment(checkout: CheckoutClient) -> None:
    driver = PaymentDriver(checkout.app)
    driver.fail_stripe("drop_after", "/v1/customers", times=1)
    send(checkout.client, save_card=True)
    with checkout.app.app_context():
        for _ in range(3):
            driver.work_all_waiting()
    assert len(cards(checkout)) == 1
    assert len(driver.sandbox("GET", "/v1/customers")["data"]) == 1


def test_the_browser_that_paid_gets_its_card_when_it_proves_the_address(
    checkout: CheckoutClient,
) -> None:
    browser = checkout.stranger()
    buy(checkout, browser, save_card=True)
    known(checkout, browser=browser)
    (card,) = cards(checkout)
    assert "Visa ending in 4242" in account(browser)
    found = customer(checkout)
    assert found.default_payment_method_id == card.payment_method
    assert found.stripe_customer_id == card.stripe_customer_id
    made = read(checkout, buy(checkout, browser, payment_method=None, saved_card=card.id))
    assert made.state == "complete"


def test_a_card_that_is_joined_leaves_the_default_as_it_is(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    phone = checkout.stranger()
    buy(checkout, phone, save_card=True, payment_method="pm_card_mastercard")
    known(checkout, browser=phone)
    mine, joined = cards(checkout)
    assert customer(checkout).default_payment_method_id == mine.payment_method
    assert press(ada, "/account/default_card", card=joined.id) == 303
    assert customer(checkout).stripe_customer_id == joined.stripe_customer_id


def test_another_browser_that_proves_the_address_gets_no_card(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.stranger(), save_card=True)
    other = checkout.stranger()
    buy(checkout, other)
    known(checkout, browser=other)
    assert "No saved cards" in account(other)


def test_a_card_of_a_payment_that_ends_after_the_proof_is_joined_too(
    checkout: CheckoutClient,
) -> None:
    browser = checkout.stranger()
    buy(checkout, browser)
    send(browser, save_card=True)
    known(checkout, browser=browser)
    work(checkout)
    assert "Visa ending in 4242" in account(browser)
    assert customer(checkout).default_payment_method_id is not None


def test_a_card_kept_under_another_address_is_not_joined(checkout: CheckoutClient) -> None:
    browser = checkout.stranger()
    buy(checkout, browser, email=GRACE, save_card=True)
    buy(checkout, browser)
    known(checkout, browser=browser)
    assert "No saved cards" in account(browser)
    assert customer(checkout, GRACE).default_payment_method_id is None


def test_who_is_known_and_types_another_address_keeps_a_card_in_neither_account(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    buy(checkout, ada, email=GRACE, save_card=True, payment_method="pm_card_mastercard")
    assert "Mastercard" not in account(ada)
    assert customer(checkout, GRACE).default_payment_method_id is None
    grace = known(checkout, GRACE)
    assert "No saved cards" in account(grace)


def test_a_link_that_is_only_opened_joins_nothing(checkout: CheckoutClient) -> None:
    browser = checkout.stranger()
    buy(checkout, browser, save_card=True)
    browser.get(mailed(checkout), headers=BROWSER)
    assert customer(checkout).default_payment_method_id is None


def test_a_card_that_a_known_customer_keeps_is_theirs_at_once(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    (card,) = cards(checkout)
    assert customer(checkout).default_payment_method_id == card.payment_method
    assert charged_without_owner(checkout) == "complete"


def test_the_host_charges_no_card_of_an_unproved_address(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.stranger(), save_card=True)
    assert charged_without_owner(checkout) != "complete"


def charged_without_owner(checkout: CheckoutClient) -> str:
    """What comes of `customer.charge`."""
    with checkout.app.app_context():
        made = _charge()
    work(checkout)
    return read(checkout, made).state


@atomic
def _charge(session: Session) -> str:
    return session.scalars(select(Customer).where(Customer.email == ADA)).one().charge(500).id


def test_a_known_customers_cards_share_the_accounts_stripe_customer(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    buy(checkout, ada, save_card=True, payment_method="pm_card_mastercard")
    assert len({card.stripe_customer_id for card in cards(checkout)}) == 1
