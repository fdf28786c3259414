"""Currencies without decimals, and with three: from the price to the staff's file."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ledger.models import Entry
from payments_app.orders.product_models import Product
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.csv_rows import csv_rows
from tests.own_worker import work

pytestmark = pytest.mark.portable

CASES = [
    ("tea", 1800, "jpy", "¥1,800", "1800"),
    ("spice", 12_340, "kwd", "KWD\u00a012.340", "12.340"),
    ("book", 1099, "usd", "$10.99", "10.99"),
]
BY_PRICE = pytest.mark.parametrize(("slug", "amount", "currency", "words", "exact"), CASES)


@atomic
def add_product(session: Session, slug: str, amount: int, currency: str) -> None:
    session.add(Product(slug=slug, name=slug.title(), amount=amount, currency=currency))


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        for slug, amount, currency, *_ in CASES:
            add_product(slug, amount, currency)
    return CheckoutClient(app, client)


@BY_PRICE
def test_the_form_names_the_price_in_its_currency(
    checkout: CheckoutClient, slug: str, amount: int, currency: str, words: str, exact: str
) -> None:
    assert f"Pay {words}" in checkout.page(f"/checkout/{slug}").text


@BY_PRICE
def test_stripe_is_asked_for_the_same_minor_units(
    checkout: CheckoutClient, slug: str, amount: int, currency: str, words: str, exact: str
) -> None:
    status = checkout.status(checkout.pay(item=slug))
    assert (status["state"], status["amount"], status["currency"]) == (
        "complete",
        amount,
        currency,
    )
    assert status["amount_text"] == words


@BY_PRICE
def test_the_ledger_holds_the_same_minor_units(
    checkout: CheckoutClient, slug: str, amount: int, currency: str, words: str, exact: str
) -> None:
    checkout.pay(item=slug)
    with checkout.app.app_context():
        work("payment_critical")
        captures = select(Entry.amount, Entry.currency).where(
            own(Entry), Entry.entry_type == "capture"
        )
        posted = set(db.session.execute(captures))
    assert posted == {(amount, currency)}


def test_the_staffs_list_shows_each_in_its_own_format(checkout: CheckoutClient) -> None:
    for slug, *_ in CASES:
        checkout.pay(item=slug)
    page = StaffDriver(checkout.app).signed_in("viewer").get("/staff/payments").text
    assert [words for *_, words, _ in CASES if words not in page] == []


@pytest.mark.alone
def test_the_staffs_file_is_exact_in_each(checkout: CheckoutClient) -> None:
    for slug, *_ in CASES:
        checkout.pay(item=slug)
    answer = StaffDriver(checkout.app).signed_in("exporter").get("/staff/payments.csv")
    rows = csv_rows(answer.text)
    assert {row["Amount"] for row in rows} == {exact for *_, exact in CASES}


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        (100_000_000, "usd", "the most that can be charged is $999,999.99"),
        (49, "usd", "the least that can be charged is $0.50"),
        (49, "jpy", "the least that can be charged is ¥50"),
    ],
)
def test_an_amount_that_stripe_would_refuse_is_refused_at_the_form(
    checkout: CheckoutClient, amount: int, currency: str, why: str
) -> None:
    with checkout.app.app_context():
        add_product("odd", amount, currency)
    answer = checkout.post(item="odd")
    assert (answer.status_code, why in str(answer.json)) == (422, True), answer.text
    assert checkout.count() == 0
