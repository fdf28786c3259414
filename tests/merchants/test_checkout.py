"""The checkout of what a merchant sells."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.orders.cart import CartError, put
from payments_app.orders.product_models import Product
from tests.merchants.connected_merchants import account_id, create_merchant, create_ready_merchant
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
HTML = {"Accept": "text/html"}
KEY = {"Idempotency-Key": "print-1"}


@atomic
def shelve(session: Session, slug: str, merchant: str | None) -> None:
    session.add(
        Product(slug=slug, name=slug.title(), amount=2000, currency="usd", merchant_id=merchant)
    )


def test_the_page_names_the_seller(driver: PaymentDriver, client: FlaskClient) -> None:
    shelve("print", create_ready_merchant(driver))
    assert "Sold by Juniper" in client.get("/checkout/print", headers=HTML).text


def test_a_direct_sellers_page_enters_the_card_on_their_account(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    merchant = create_ready_merchant(driver, "direct")
    shelve("print", merchant)
    page = client.get("/checkout/print", headers=HTML).text
    assert f'data-stripe-account="{account_id(merchant)}"' in page
    assert "Save this card" not in page


def test_a_destination_sellers_page_enters_the_card_on_ours(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    shelve("print", create_ready_merchant(driver))
    page = client.get("/checkout/print", headers=HTML).text
    assert "data-stripe-account" not in page
    assert "Save this card" in page


def test_a_seller_who_is_not_onboarded_shows_a_sentence_instead_of_a_form(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    shelve("print", create_merchant(driver))
    page = client.get("/checkout/print", headers=HTML).text
    assert "Juniper can&#39;t take payments just now. Nothing was charged." in page
    assert "<form" not in page


def test_a_program_that_pays_such_a_seller_is_told_why(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    shelve("print", create_merchant(driver))
    wish = {"item": "print", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    answer = client.post("/transactions", json=wish, headers=KEY)
    assert answer.status_code == 409
    assert answer.get_json()["error"]["code"] == "seller_not_ready"
    assert driver.intents() == []


def test_a_card_is_not_saved_on_a_direct_sellers_account(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    shelve("print", create_ready_merchant(driver, "direct"))
    wish = {"item": "print", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    answer = client.post("/transactions", json=wish | {"save_card": True}, headers=KEY)
    driver.work()
    found = driver.read(answer.get_json()["id"])
    assert (found.phase, found.save_card) == ("complete", False)


def test_a_cart_holds_the_goods_of_one_seller(driver: PaymentDriver, app: Flask) -> None:
    shelve("print", create_ready_merchant(driver))
    shelve("mug", None)
    with app.test_request_context():
        put(db.session(), "mug", 1)
        with pytest.raises(CartError, match="sold by another seller"):
            put(db.session(), "print", 1)
