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
from tests.checkout.checkout_client import BROWSER, Counter
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
from tests.payments.driver import Till

pytestmark = pytest.mark.portable


@pytest.fixture
def ada(counter: Counter) -> FlaskClient:
    """Ada's browser: known, and with a card that it saved."""
    buy(counter, counter.client)
    browser = known(counter, browser=counter.client)
    buy(counter, browser, save_card=True)
    return browser


@pytest.fixture
def mallory(counter: Counter) -> FlaskClient:
    return counter.stranger()


def account(browser: FlaskClient) -> str:
    """What a browser's own page says."""
    return browser.get("/account", headers=BROWSER).text


def test_a_card_kept_under_anothers_address_gets_a_stripe_customer_of_its_own(
    counter: Counter, ada: FlaskClient, mallory: FlaskClient
) -> None:
    made = read(counter, buy(counter, mallory, save_card=True))
    mine, theirs = cards(counter)
    assert made.state == "complete"
    assert theirs.stripe_customer_id == made.stripe_customer_id
    assert theirs.stripe_customer_id != mine.stripe_customer_id


def test_a_card_kept_under_anothers_address_changes_nothing_of_the_account(
    counter: Counter, ada: FlaskClient, mallory: FlaskClient
) -> None:
    before = customer(counter)
    buy(counter, mallory, save_card=True, payment_method="pm_card_mastercard")
    after = customer(counter)
    assert after.default_payment_method_id == before.default_payment_method_id
    assert after.stripe_customer_id == before.stripe_customer_id
    assert "Mastercard" not in account(ada)
    assert "Mastercard" not in ada.get("/checkout/field-notes", headers=BROWSER).text


def test_the_addresss_owner_can_not_spend_a_strangers_card(
    counter: Counter, ada: FlaskClient, mallory: FlaskClient
) -> None:
    buy(counter, mallory, save_card=True, payment_method="pm_card_mastercard")
    _, theirs = cards(counter)
    assert is_refused(send(ada, payment_method=None, saved_card=theirs.id))
    assert is_refused(send(ada, payment_method=theirs.payment_method))
    assert press(ada, "/account/default_card", card=theirs.id) == 404
    assert press(ada, "/account/removed_cards", card=theirs.id) == 404


def test_a_card_of_an_unproved_address_is_nobodys_default(
    counter: Counter, mallory: FlaskClient
) -> None:
    buy(counter, mallory, save_card=True)
    found = customer(counter)
    assert (found.default_payment_method_id, found.stripe_customer_id) == (None, None)


def test_who_kept_it_can_not_spend_it_under_the_typed_address(
    counter: Counter, ada: FlaskClient, mallory: FlaskClient
) -> None:
    buy(counter, mallory, save_card=True)
    for card in cards(counter):
        assert is_refused(send(mallory, payment_method=None, saved_card=card.id))
        assert is_refused(send(mallory, payment_method=card.payment_method, save_card=True))


def test_two_strangers_of_one_address_share_no_stripe_customer(counter: Counter) -> None:
    for _ in range(2):
        buy(counter, counter.stranger(), save_card=True)
    first, second = cards(counter)
    assert first.stripe_customer_id != second.stripe_customer_id


def test_a_lost_answer_makes_one_stripe_customer_for_the_payment(counter: Counter) -> None:
    till = Till(counter.app)
    till.fail_stripe("drop_after", "/v1/customers", times=1)
    send(counter.client, save_card=True)
    with counter.app.app_context():
        for _ in range(3):
            till.work_all_waiting()
    assert len(cards(counter)) == 1
    assert len(till.sandbox("GET", "/v1/customers")["data"]) == 1


def test_the_browser_that_paid_gets_its_card_when_it_proves_the_address(counter: Counter) -> None:
    browser = counter.stranger()
    buy(counter, browser, save_card=True)
    known(counter, browser=browser)
    (card,) = cards(counter)
    assert "Visa ending in 4242" in account(browser)
    found = customer(counter)
    assert found.default_payment_method_id == card.payment_method
    assert found.stripe_customer_id == card.stripe_customer_id
    made = read(counter, buy(counter, browser, payment_method=None, saved_card=card.id))
    assert made.state == "complete"


def test_a_card_that_is_joined_leaves_the_default_as_it_is(
    counter: Counter, ada: FlaskClient
) -> None:
    phone = counter.stranger()
    buy(counter, phone, save_card=True, payment_method="pm_card_mastercard")
    known(counter, browser=phone)
    mine, joined = cards(counter)
    assert customer(counter).default_payment_method_id == mine.payment_method
    assert press(ada, "/account/default_card", card=joined.id) == 303
    assert customer(counter).stripe_customer_id == joined.stripe_customer_id


def test_another_browser_that_proves_the_address_gets_no_card(counter: Counter) -> None:
    buy(counter, counter.stranger(), save_card=True)
    other = counter.stranger()
    buy(counter, other)
    known(counter, browser=other)
    assert "No card is saved" in account(other)


def test_a_card_of_a_payment_that_ends_after_the_proof_is_joined_too(counter: Counter) -> None:
    browser = counter.stranger()
    buy(counter, browser)
    send(browser, save_card=True)
    known(counter, browser=browser)
    work(counter)
    assert "Visa ending in 4242" in account(browser)
    assert customer(counter).default_payment_method_id is not None


def test_a_card_kept_under_another_address_is_not_joined(counter: Counter) -> None:
    browser = counter.stranger()
    buy(counter, browser, email=GRACE, save_card=True)
    buy(counter, browser)
    known(counter, browser=browser)
    assert "No card is saved" in account(browser)
    assert customer(counter, GRACE).default_payment_method_id is None


def test_who_is_known_and_types_another_address_keeps_a_card_in_neither_account(
    counter: Counter, ada: FlaskClient
) -> None:
    buy(counter, ada, email=GRACE, save_card=True, payment_method="pm_card_mastercard")
    assert "Mastercard" not in account(ada)
    assert customer(counter, GRACE).default_payment_method_id is None
    grace = known(counter, GRACE)
    assert "No card is saved" in account(grace)


def test_a_link_that_is_only_opened_joins_nothing(counter: Counter) -> None:
    browser = counter.stranger()
    buy(counter, browser, save_card=True)
    browser.get(mailed(counter), headers=BROWSER)
    assert customer(counter).default_payment_method_id is None


def test_a_card_that_a_known_customer_keeps_is_theirs_at_once(
    counter: Counter, ada: FlaskClient
) -> None:
    (card,) = cards(counter)
    assert customer(counter).default_payment_method_id == card.payment_method
    assert charged_without_owner(counter) == "complete"


def test_the_host_charges_no_card_of_an_unproved_address(counter: Counter) -> None:
    buy(counter, counter.stranger(), save_card=True)
    assert charged_without_owner(counter) != "complete"


def charged_without_owner(counter: Counter) -> str:
    """What comes of `customer.charge`."""
    with counter.app.app_context():
        made = _charge()
    work(counter)
    return read(counter, made).state


@atomic
def _charge(session: Session) -> str:
    return session.scalars(select(Customer).where(Customer.email == ADA)).one().charge(500).id


def test_a_known_customers_cards_share_the_accounts_stripe_customer(
    counter: Counter, ada: FlaskClient
) -> None:
    buy(counter, ada, save_card=True, payment_method="pm_card_mastercard")
    assert len({card.stripe_customer_id for card in cards(counter)}) == 1
