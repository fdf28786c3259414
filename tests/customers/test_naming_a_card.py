"""What a purchase names is spent by its owner alone.

Ada is known and has saved a Visa. Mallory is not known, and knows all that can be known of it.
"""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.downloads import add_demo_downloads
from demo.plans import add_demo_plans
from demo.products import add_demo_products
from payments_app.customers.models import Customer
from payments_app.orders.models import Order
from payments_app.payments.models import Transaction
from payments_app.subscriptions.models import Subscription
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.customers.mailed_link import known
from tests.customers.shoppers import ADA, GRACE, buy, cards, is_refused, press, read, send
from tests.customers.tokens import token_of
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
        add_demo_plans()
        add_demo_downloads()
    return CheckoutClient(app, client)


@pytest.fixture
def ada(checkout: CheckoutClient) -> FlaskClient:
    """Ada's browser: known, and with a card that it saved."""
    buy(checkout, checkout.client)
    browser = known(checkout, browser=checkout.client)
    buy(checkout, browser, save_card=True)
    return browser


@pytest.fixture
def method(checkout: CheckoutClient, ada: FlaskClient) -> str:
    """The id at Stripe of ada's card."""
    return cards(checkout)[0].payment_method


@pytest.fixture
def mallory(checkout: CheckoutClient) -> FlaskClient:
    return checkout.stranger()


def stored(checkout: CheckoutClient) -> list[int]:
    return [checkout.count(model) for model in (Transaction, Order, Customer, Subscription)]


@pytest.mark.parametrize("save", [True, False])
@pytest.mark.parametrize(
    ("item", "email"),
    [
        ("folding-pattern", ADA),
        ("folding-pattern", " ADA@Example.COM "),
        ("folding-pattern", "mallory@example.com"),
        ("field-notes", ADA),
        ("coffee-club", ADA),
        ("letter", ADA),
        ("sticker", ADA),
    ],
)
def test_a_strangers_card_is_taken_from_nobody_who_names_it(
    checkout: CheckoutClient, method: str, mallory: FlaskClient, item: str, email: str, save: bool
) -> None:
    before = stored(checkout)
    answer = send(mallory, item=item, email=email, payment_method=method, save_card=save)
    assert is_refused(answer)
    assert "card fields" in answer.json["error"]["fields"]["payment_method"]
    assert stored(checkout) == before


def test_a_strangers_card_is_taken_from_no_form(
    checkout: CheckoutClient, method: str, mallory: FlaskClient
) -> None:
    before = stored(checkout)
    page = mallory.get("/checkout/folding-pattern", headers=BROWSER).text
    form = dict(FIELD.findall(page)) | {"payment_method": method, "save_card": "1", "email": ADA}
    answer = mallory.post("/transactions", data=form, headers=BROWSER)
    assert (answer.status_code, stored(checkout)) == (422, before)
    assert method not in answer.text


@pytest.mark.parametrize("name", ["payment_method", "id"])
@pytest.mark.parametrize("field", ["payment_method", "saved_card"])
def test_no_id_of_a_card_is_of_use_to_a_stranger(
    checkout: CheckoutClient, method: str, mallory: FlaskClient, field: str, name: str
) -> None:
    before, named = stored(checkout), getattr(cards(checkout)[0], name)
    answer = send(mallory, **{"payment_method": None, "save_card": True} | {field: named})
    assert (answer.status_code, stored(checkout)) == (422, before)


@pytest.mark.parametrize("odd", ["pm_1N0bOdYkNoWs0123456789", "src_1N0bOdY", "card_1N0bOdY"])
def test_an_id_that_nobody_here_owns_is_taken_from_nobody(
    checkout: CheckoutClient, ada: FlaskClient, odd: str
) -> None:
    before = stored(checkout)
    assert is_refused(send(ada, payment_method=odd))
    assert stored(checkout) == before


@pytest.mark.parametrize("email", [GRACE, ADA])
def test_somebody_who_is_known_can_not_name_anothers_card(
    checkout: CheckoutClient, method: str, email: str
) -> None:
    buy(checkout, checkout.stranger(), email=GRACE)
    assert is_refused(send(known(checkout, GRACE), email=email, payment_method=method))


@pytest.mark.parametrize(
    ("item", "save"), [("field-notes", True), ("coffee-club", False), ("letter", False)]
)
def test_a_token_made_from_anothers_card_is_of_no_use(
    checkout: CheckoutClient, method: str, mallory: FlaskClient, item: str, save: bool
) -> None:
    token = token_of(checkout, method, "off_session")
    means = {"payment_method": None, "confirmation_token": token}
    made = buy(checkout, mallory, item=item, save_card=save, **means)
    assert read(checkout, made).state == "failed"
    assert (
        len([i for i in PaymentDriver(checkout.app).intents() if i["status"] == "succeeded"]) == 2
    )


@pytest.mark.parametrize("email", [ADA, GRACE])
def test_a_token_made_from_anothers_card_is_of_no_use_to_who_is_known(
    checkout: CheckoutClient, method: str, email: str
) -> None:
    buy(checkout, checkout.stranger(), email=GRACE)
    grace = known(checkout, GRACE)
    token = token_of(checkout, method, "off_session")
    means = {"payment_method": None, "confirmation_token": token, "save_card": True}
    assert read(checkout, buy(checkout, grace, email=email, **means)).state == "failed"


def test_the_owner_may_name_the_card_by_its_id_at_stripe(
    checkout: CheckoutClient, ada: FlaskClient, method: str
) -> None:
    made = read(checkout, buy(checkout, ada, payment_method=method))
    assert made.state == "complete"
    assert made.stripe_customer_id == cards(checkout)[0].stripe_customer_id


def test_the_owner_names_it_for_their_own_address_alone(ada: FlaskClient, method: str) -> None:
    assert is_refused(send(ada, email=GRACE, payment_method=method), "email")


def test_the_owner_can_not_name_a_card_that_was_removed(
    checkout: CheckoutClient, ada: FlaskClient, method: str
) -> None:
    assert press(ada, "/account/removed_cards", card=cards(checkout)[0].id) == 303
    assert is_refused(send(ada, payment_method=method))


def test_the_owner_who_left_the_browser_names_nothing(ada: FlaskClient, method: str) -> None:
    assert press(ada, "/account/leave") == 303
    assert is_refused(send(ada, payment_method=method))


def test_a_test_card_is_of_no_use_with_a_live_key(checkout: CheckoutClient) -> None:
    config = checkout.app.config["CONFIG"]
    checkout.app.config["CONFIG"] = dataclasses.replace(config, stripe_secret_key="sk_live_1")
    answer = send(checkout.client)
    assert is_refused(answer)
    assert "test" not in answer.json["error"]["message"]
    assert checkout.count() == 0
