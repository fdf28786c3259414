"""The cart: several products, one order, one payment."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.merchants.models import Merchant
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from tests.bystanders import own
from tests.merchants.connected_merchants import create_ready_merchant
from tests.own_worker import work
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
HTML = {"Accept": "text/html"}


@pytest.fixture
def driver(app: Flask) -> PaymentDriver:
    return PaymentDriver(app)


@pytest.fixture(autouse=True)
def products(app: Flask) -> None:
    @atomic
    def fill(session: Session) -> None:
        for slug, amount, currency in (
            ("mug", 2400, "usd"),
            ("bag", 500, "usd"),
            ("tea", 9, "jpy"),
        ):
            session.add(Product(slug=slug, name=slug.title(), amount=amount, currency=currency))

    with app.app_context():
        fill()


def post(client: FlaskClient, path: str, **fields: str) -> tuple[int, str]:
    return post_lists(client, path, **fields)


def post_lists(client: FlaskClient, path: str, **fields: str | list[str]) -> tuple[int, str]:
    page = client.get("/cart", headers=HTML).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page) or re.search(
        r'name="csrf_token" value="([^"]+)"', client.get("/").text
    )
    assert token is not None
    answer = client.post(path, data={"csrf_token": token[1], **fields}, headers=HTML)
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def test_a_cart_becomes_one_order_at_the_shops_prices(app: Flask, client: FlaskClient) -> None:
    post(client, "/cart/items", item="mug", quantity="2")
    post(client, "/cart/items", item="bag", quantity="1")
    status, where = post(client, "/orders")
    assert status == 303
    with app.app_context():
        order = db.session.scalars(select(Order).where(own(Order))).unique().one()
        assert where == f"/checkout/{order.id}"
        assert order.total == 5300
        assert [(item.quantity, item.name) for item in order.items] == [(2, "Mug"), (1, "Bag")]


def test_the_form_of_the_order_asks_for_its_total(client: FlaskClient) -> None:
    post(client, "/cart/items", item="mug", quantity="2")
    _, where = post(client, "/orders")
    assert "Pay $48.00" in client.get(where, headers=HTML).text


def test_what_is_no_longer_sold_is_left_out(app: Flask, client: FlaskClient) -> None:
    post(client, "/cart/items", item="mug", quantity="2")
    post(client, "/cart/items", item="bag", quantity="1")

    @atomic
    def withdraw(session: Session) -> None:
        session.execute(update(Product).where(Product.slug == "mug").values(active=False))

    with app.app_context():
        withdraw()
    page = client.get("/cart").text
    assert "$5.00" in page
    assert "Mug" not in page


def pay(app: Flask, client: FlaskClient, where: str, card: str = "pm_card_visa") -> None:
    """Send the form of an order, and let the charge be made."""
    form = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', client.get(where).text))
    sent = {**form, "email": "ada@example.com", "payment_method": card}
    assert client.post("/transactions", data=sent, headers=HTML).status_code == 303
    with app.app_context():
        work("charges")
        work("payment_standard")


def test_the_cart_is_kept_until_it_is_paid(app: Flask, client: FlaskClient) -> None:
    fill_cart(client)
    _, where = post(client, "/orders")
    assert "$53.00" in client.get("/cart").text
    pay(app, client, where, "pm_card_chargeDeclined")
    assert "$53.00" in client.get("/cart").text
    pay(app, client, where)
    assert "Your cart is empty" in client.get("/cart").text


def test_what_was_put_in_after_the_order_stays_when_that_is_paid(
    app: Flask, client: FlaskClient
) -> None:
    post(client, "/cart/items", item="mug")
    _, where = post(client, "/orders")
    post(client, "/cart/items", item="mug")
    post(client, "/cart/items", item="bag")
    pay(app, client, where)
    page = client.get("/cart").text
    assert "$29.00" in page
    assert "Cart (2)" in page


def test_the_same_cart_is_ordered_once(client: FlaskClient) -> None:
    fill_cart(client)
    _, first = post(client, "/orders")
    assert post(client, "/orders")[1] == first
    post(client, "/cart/items", item="mug")
    assert post(client, "/orders")[1] != first


def test_adding_again_counts_up_and_pages_show_how_many(client: FlaskClient) -> None:
    for item in ("mug", "mug", "bag"):
        post(client, "/cart/items", item=item)
    page = client.get("/cart").text
    assert "$53.00" in page
    for path in ("/cart", "/", "/checkout/mug"):
        assert "Cart (3)" in client.get(path).text


@atomic
def leave_in_stock(session: Session, left: int) -> None:
    session.execute(update(Product).where(Product.slug == "mug").values(stock=left))


def test_more_than_there_is_does_not_go_into_the_cart(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        leave_in_stock(1)
    post(client, "/cart/items", item="mug")
    status, page = post(client, "/cart/items", item="mug")
    assert status == 422
    assert "Only 1 of Mug left in stock." in page


def test_what_is_sold_out_since_is_said_in_the_cart_and_is_not_ordered(
    app: Flask, client: FlaskClient
) -> None:
    fill_cart(client)
    with app.app_context():
        leave_in_stock(0)
    page = client.get("/cart").text
    assert "Sold out." in page
    assert "Checkout</button>" not in page
    assert "Sold out." in client.get("/").text
    status, page = post(client, "/orders")
    assert status == 422
    assert "Mug: Sold out." in page


def test_the_form_of_what_is_sold_out_says_so_and_asks_for_no_card(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        leave_in_stock(0)
    page = client.get("/checkout/mug").text
    assert "Sold out." in page
    assert 'id="checkout"' not in page
    assert page.count('class="card') == 1
    assert re.search(r'<a class="button quiet" href="/">Back to the shop</a>', page)
    assert 'id="checkout"' in client.get("/checkout/bag").text


def test_what_this_cart_s_own_order_holds_is_not_sold_out(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        leave_in_stock(1)
    post(client, "/cart/items", item="mug")
    _, where = post(client, "/orders")
    form = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', client.get(where).text))
    sent = {**form, "email": "ada@example.com", "payment_method": "pm_card_visa"}
    client.post("/transactions", data=sent, headers=HTML)
    assert "Sold out." not in client.get("/cart").text
    assert post(client, "/orders")[1] == where


def test_an_item_of_a_seller_who_can_not_be_paid_does_not_go_into_the_cart(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        give_to_another_seller()
    assert client.get("/").text.count("Juniper can&#39;t take payments just now.") == 1
    status, page = post(client, "/cart/items", item="bag")
    assert status == 422
    assert "Bag: Juniper can&#39;t take payments just now." in page
    assert "Your cart is empty" in page


def test_a_line_can_be_changed_and_removed(client: FlaskClient) -> None:
    post(client, "/cart/items", item="mug", quantity="2")
    post(client, "/cart/items", item="mug", quantity="3")
    assert "$72.00" in client.get("/cart").text
    post(client, "/cart/items", item="mug", quantity="3", remove="1")
    assert "Your cart is empty" in client.get("/cart").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"item": "mug", "quantity": "11"}, "up to 10"),
        ({"item": "mug", "quantity": "many"}, "whole number"),
        ({"item": "nothing", "quantity": "1"}, "no longer available"),
        ({"item": "tea", "quantity": "1"}, "order what is in the cart first"),
    ],
)
def test_what_can_not_be_put_in_is_said_and_the_cart_stays(
    client: FlaskClient, fields: dict[str, str], words: str
) -> None:
    post(client, "/cart/items", item="bag", quantity="1")
    status, page = post(client, "/cart/items", **fields)
    assert status == 422
    assert words in page
    assert "$5.00" in page


def order_of(client: FlaskClient, **quantities: str) -> tuple[int, str]:
    """Press Checkout with these in the cart's fields."""
    return post_lists(client, "/orders", item=list(quantities), quantity=list(quantities.values()))


def test_checkout_orders_the_quantities_that_were_typed(app: Flask, client: FlaskClient) -> None:
    other = app.test_client()
    for each in (client, other):
        fill_cart(each)
    status, where = order_of(client, mug="3", bag="0")
    assert status == 303
    assert "Pay $72.00" in client.get(where, headers=HTML).text
    assert "$53.00" in other.get("/cart").text


def test_a_typed_quantity_that_is_refused_is_said_and_makes_no_order(
    app: Flask, client: FlaskClient
) -> None:
    fill_cart(client)
    status, page = order_of(client, mug="99", bag="3")
    assert status == 422
    assert "You can order up to 10 of Mug. Your cart still holds 2." in page
    assert "$63.00" in page, "what can be ordered is kept"
    with app.app_context():
        assert db.session.scalars(select(Order).where(own(Order))).unique().all() == []


def test_an_old_page_of_the_cart_orders_nothing_that_is_no_longer_in_it(
    client: FlaskClient,
) -> None:
    fill_cart(client)
    post(client, "/cart/items", item="mug", remove="1")
    _, where = order_of(client, mug="2", bag="1")
    assert "Pay $5.00" in client.get(where, headers=HTML).text


def test_what_is_sold_out_can_only_be_removed_and_what_is_short_can_be_fewer(
    app: Flask, client: FlaskClient
) -> None:
    fill_cart(client)
    for left, fields, words in ((1, 2, "Remove or change what"), (0, 1, "Remove what")):
        with app.app_context():
            leave_in_stock(left)
        page = client.get("/cart").text
        assert page.count('name="quantity"') == fields
        assert f"{words} can't be bought just now" in page


def test_an_empty_cart_makes_no_order(app: Flask, client: FlaskClient) -> None:
    status, page = post(client, "/orders")
    assert status == 422
    assert "Your cart is empty." in page


@atomic
def price_again(session: Session, currency: str) -> None:
    session.scalars(select(Product).where(Product.slug == "bag")).one().currency = currency


@atomic
def give_to_another_seller(session: Session, ready: str | None = None, slug: str = "bag") -> None:
    seller = Merchant(name="Juniper", email="juniper@example.com")
    session.add(seller)
    session.flush()
    goods = session.scalars(select(Product).where(Product.slug == slug)).one()
    goods.merchant_id = ready or seller.id


def fill_cart(client: FlaskClient) -> None:
    post(client, "/cart/items", item="mug", quantity="2")
    post(client, "/cart/items", item="bag", quantity="1")


def test_a_cart_that_came_to_two_currencies_is_refused_in_words_and_has_no_total(
    app: Flask, client: FlaskClient
) -> None:
    fill_cart(client)
    with app.app_context():
        price_again("jpy")
    assert "cart-total" not in client.get("/cart").text
    status, page = post(client, "/orders")
    assert status == 422
    assert "one currency" in page
    post(client, "/cart/items", item="bag", remove="1")
    assert post(client, "/orders")[0] == 303


def test_a_cart_that_came_to_two_sellers_is_refused_in_words(
    app: Flask, client: FlaskClient, driver: PaymentDriver
) -> None:
    fill_cart(client)
    with app.app_context():
        give_to_another_seller(create_ready_merchant(driver))
    status, page = post(client, "/orders")
    assert status == 422
    assert "one seller" in page


def test_an_order_of_what_went_to_another_seller_is_not_paid_to_the_one_before(
    app: Flask, client: FlaskClient, driver: PaymentDriver
) -> None:
    post(client, "/cart/items", item="mug")
    _, of_the_shop = post(client, "/orders")
    with app.app_context():
        seller = create_ready_merchant(driver)
        give_to_another_seller(seller, "mug")
    status, where = post(client, "/orders")
    assert status == 303
    assert where != of_the_shop
    with app.app_context():
        order = db.session.get_one(Order, where.rpartition("/")[2])
        assert order.merchant_id == seller


def test_on_a_phone_one_thing_is_shown_at_once_and_several_are_folded(client: FlaskClient) -> None:
    fill_cart(client)
    order = client.get(post(client, "/orders")[1], headers=HTML).text
    one = client.get("/checkout/mug", headers=HTML).text
    folded = [re.findall(r'<details class="reveal" (\w*)>', page) for page in (order, one)]
    assert folded == [[""], ["open"]]


class TestOneAddress:
    """Which may place so many orders in an hour."""

    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_RATE_LIMIT": "2/hour"}

    def test_places_no_more_orders_than_it_may_pay_for(self, client: FlaskClient) -> None:
        post(client, "/cart/items", item="mug", quantity="1")
        answers = [post(client, "/orders") for _ in range(3)]
        assert [status for status, _ in answers] == [303, 303, 429]
        assert "Too many requests" in answers[2][1]
        assert post(client, "/cart/items", item="bag")[0] == 303  # the cart is as it was
