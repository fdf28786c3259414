"""What a purchase names is spent by its owner alone.

Ada is known and has saved a Visa. Mallory is not known, and knows all that can be known of it.
"""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.downloads import offer_demo_downloads
from demo.plans import offer_demo_plans
from demo.products import stock_shelf
from payments_app.customers.models import Customer
from payments_app.orders.models import Order
from payments_app.payments.models import Transaction
from payments_app.subscriptions.models import Subscription
from tests.checkout.checkout_client import BROWSER, FIELD, Counter
from tests.customers.mailed_link import known
from tests.customers.shoppers import ADA, GRACE, buy, cards, is_refused, press, read, send
from tests.customers.tokens import token_of
from tests.payments.driver import Till

pytestmark = pytest.mark.portable


@pytest.fixture
def counter(app: Flask, client: FlaskClient) -> Counter:
    with app.app_context():
        stock_shelf()
        offer_demo_plans()
        offer_demo_downloads()
    return Counter(app, client)


@pytest.fixture
def ada(counter: Counter) -> FlaskClient:
    """Ada's browser: known, and with a card that it saved."""
    buy(counter, counter.client)
    browser = known(counter, browser=counter.client)
    buy(counter, browser, save_card=True)
    return browser


@pytest.fixture
def method(counter: Counter, ada: FlaskClient) -> str:
    """The id at Stripe of ada's card."""
    return cards(counter)[0].payment_method


@pytest.fixture
def mallory(counter: Counter) -> FlaskClient:
    return counter.stranger()


def stored(counter: Counter) -> list[int]:
    return [counter.count(model) for model in (Transaction, Order, Customer, Subscription)]


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
    counter: Counter, method: str, mallory: FlaskClient, item: str, email: str, save: bool
) -> None:
    before = stored(counter)
    answer = send(mallory, item=item, email=email, payment_method=method, save_card=save)
    assert is_refused(answer)
    assert "card fields" in answer.json["error"]["fields"]["payment_method"]
    assert stored(counter) == before


def test_a_strangers_card_is_taken_from_no_form(
    counter: Counter, method: str, mallory: FlaskClient
) -> None:
    before = stored(counter)
    page = mallory.get("/checkout/folding-pattern", headers=BROWSER).text
    form = dict(FIELD.findall(page)) | {"payment_method": method, "save_card": "1", "email": ADA}
    answer = mallory.post("/transactions", data=form, headers=BROWSER)
    assert (answer.status_code, stored(counter)) == (422, before)
    assert method not in answer.text


@pytest.mark.parametrize("name", ["payment_method", "id"])
@pytest.mark.parametrize("field", ["payment_method", "saved_card"])
def test_no_id_of_a_card_is_of_use_to_a_stranger(
    counter: Counter, method: str, mallory: FlaskClient, field: str, name: str
) -> None:
    before, named = stored(counter), getattr(cards(counter)[0], name)
    answer = send(mallory, **{"payment_method": None, "save_card": True} | {field: named})
    assert (answer.status_code, stored(counter)) == (422, before)


@pytest.mark.parametrize("odd", ["pm_1N0bOdYkNoWs0123456789", "src_1N0bOdY", "card_1N0bOdY"])
def test_an_id_that_nobody_here_owns_is_taken_from_nobody(
    counter: Counter, ada: FlaskClient, odd: str
) -> None:
    before = stored(counter)
    assert is_refused(send(ada, payment_method=odd))
    assert stored(counter) == before


@pytest.mark.parametrize("email", [GRACE, ADA])
def test_somebody_who_is_known_can_not_name_anothers_card(
    counter: Counter, method: str, email: str
) -> None:
    buy(counter, counter.stranger(), email=GRACE)
    assert is_refused(send(known(counter, GRACE), email=email, payment_method=method))


@pytest.mark.parametrize(
    ("item", "save"), [("field-notes", True), ("coffee-club", False), ("letter", False)]
)
def test_a_token_made_from_anothers_card_is_of_no_use(
    counter: Counter, method: str, mallory: FlaskClient, item: str, save: bool
) -> None:
    token = token_of(counter, method, "off_session")
    means = {"payment_method": None, "confirmation_token": token}
    made = buy(counter, mallory, item=item, save_card=save, **means)
    assert read(counter, made).state == "failed"
    assert len([i for i in Till(counter.app).intents() if i["status"] == "succeeded"]) == 2


@pytest.mark.parametrize("email", [ADA, GRACE])
def test_a_token_made_from_anothers_card_is_of_no_use_to_who_is_known(
    counter: Counter, method: str, email: str
) -> None:
    buy(counter, counter.stranger(), email=GRACE)
    grace = known(counter, GRACE)
    token = token_of(counter, method, "off_session")
    means = {"payment_method": None, "confirmation_token": token, "save_card": True}
    assert read(counter, buy(counter, grace, email=email, **means)).state == "failed"


def test_the_owner_may_name_the_card_by_its_id_at_stripe(
    counter: Counter, ada: FlaskClient, method: str
) -> None:
    made = read(counter, buy(counter, ada, payment_method=method))
    assert made.state == "complete"
    assert made.stripe_customer_id == cards(counter)[0].stripe_customer_id


def test_the_owner_names_it_for_their_own_address_alone(ada: FlaskClient, method: str) -> None:
    assert is_refused(send(ada, email=GRACE, payment_method=method), "email")


def test_the_owner_can_not_name_a_card_that_was_removed(
    counter: Counter, ada: FlaskClient, method: str
) -> None:
    assert press(ada, "/account/removed_cards", card=cards(counter)[0].id) == 303
    assert is_refused(send(ada, payment_method=method))


def test_the_owner_who_left_the_browser_names_nothing(ada: FlaskClient, method: str) -> None:
    assert press(ada, "/account/leave") == 303
    assert is_refused(send(ada, payment_method=method))


def test_a_test_card_is_of_no_use_with_a_live_key(counter: Counter) -> None:
    config = counter.app.config["CONFIG"]
    counter.app.config["CONFIG"] = dataclasses.replace(config, stripe_secret_key="sk_live_1")
    answer = send(counter.client)
    assert is_refused(answer)
    assert "test" not in answer.json["error"]["message"]
    assert counter.count() == 0
