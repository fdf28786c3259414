"""What there is so many of to a customer, whichever browsers and addresses they use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.orders.product_models import Product
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.request import request_refund
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.customers.mailed_link import known
from tests.customers.shoppers import ADA, GRACE, buy, read, send, work
from tests.customers.tokens import token_of
from tests.own_worker import work as work_on
from tests.own_worker import work_all_due
from tests.security.test_stock_holds import NEEDS_BANK

pytestmark = pytest.mark.portable
MUG = "enamel-mug"
TOO_MANY = "One to a customer, and you have ordered 1 already."
DECLINED = "pm_card_visa_chargeDeclined"


@atomic
def limit(session: Session, to: int) -> None:
    session.execute(update(Product).where(Product.slug == MUG).values(per_customer=to))


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
        limit(1)
    return CheckoutClient(app, client)


def paid(checkout: CheckoutClient) -> int:
    """How many payments of this test's buyers are complete."""
    with checkout.app.app_context():
        db.session.rollback()
        complete = own(Transaction), Transaction.state == State.COMPLETE
        return db.session.scalars(select(func.count(Transaction.id)).where(*complete)).one()


@pytest.mark.parametrize("typed", [ADA, "ADA@example.com", " Ada@Example.COM "])
def test_in_another_browser_the_same_address_is_told_so(
    checkout: CheckoutClient, typed: str
) -> None:
    buy(checkout, checkout.client, item=MUG)
    again = send(checkout.stranger(), item=MUG, email=typed, payment_method="pm_card_mastercard")
    assert (again.status_code, again.json["error"]["code"]) == (409, "already_bought")
    assert TOO_MANY in again.json["error"]["message"]
    assert "If that was not you, sign in" in again.json["error"]["message"]
    buy(checkout, checkout.stranger(), item=MUG, email=GRACE, payment_method="pm_card_mastercard")
    assert paid(checkout) == 2


def test_of_two_at_once_under_one_address_one_is_stored(checkout: CheckoutClient) -> None:
    browsers, both = [checkout.stranger() for _ in range(2)], Barrier(2)

    def order(browser: FlaskClient) -> int:
        both.wait()
        return int(send(browser, item=MUG).status_code)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(order, browsers)) == [202, 409]
    work(checkout)
    assert paid(checkout) == 1


@pytest.mark.parametrize("by_token", [True, False])
def test_of_two_at_once_with_one_card_one_is_charged_and_the_other_is_told_so(
    checkout: CheckoutClient, by_token: bool
) -> None:
    made = []
    for email in (ADA, GRACE):
        token = token_of(checkout, "pm_card_visa", None) if by_token else None
        card = {"payment_method": None if token else "pm_card_visa", "confirmation_token": token}
        browser = checkout.stranger()
        made.append((browser, send(browser, item=MUG, email=email, **card).json["id"]))
    other = send(
        checkout.stranger(), item=MUG, email="eve@example.com", payment_method="pm_card_mastercard"
    ).json["id"]
    work(checkout)
    states = sorted(read(checkout, id_).state for _, id_ in made)
    assert states == ["complete", "failed"]
    assert read(checkout, other).state == "complete"
    browser, refused = next(one for one in made if read(checkout, one[1]).state == "failed")
    page = browser.get(f"/transactions/{refused}", headers={"Accept": "text/html"}).text
    assert "This card has paid for as many of these as one customer may have." in page
    assert read(checkout, refused).stripe_status == "canceled"


def test_later_too_the_same_card_is_refused_under_another_address(
    checkout: CheckoutClient,
) -> None:
    buy(checkout, checkout.client, item=MUG)
    second = buy(checkout, checkout.stranger(), item=MUG, email=GRACE)
    third = buy(
        checkout, checkout.stranger(), item=MUG, email=GRACE, payment_method="pm_card_mastercard"
    )
    assert read(checkout, second).error_code == "already_bought"
    assert read(checkout, third).state == "complete"
    assert paid(checkout) == 2


def test_a_card_buys_on_of_what_has_no_such_limit(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.client, item=MUG)
    buy(checkout, checkout.stranger(), email=GRACE)
    assert paid(checkout) == 2


def test_a_first_attempt_that_was_declined_does_not_count(checkout: CheckoutClient) -> None:
    buy(checkout, checkout.client, item=MUG, payment_method=DECLINED)
    again = buy(checkout, checkout.stranger(), item=MUG)
    assert read(checkout, again).state == "complete"


@pytest.mark.parametrize(("handed_over", "status"), [(False, 202), (True, 409)])
def test_what_was_refunded_counts_once_it_was_handed_over(
    checkout: CheckoutClient, handed_over: bool, status: int
) -> None:
    paid_for = send(checkout.client, item=MUG).json["id"]
    with checkout.app.app_context():
        work_all_due() if handed_over else work_on("charges")
        request_refund(paid_for, None, reason="changed my mind", actor="staff")
    work(checkout)
    assert send(checkout.stranger(), item=MUG).status_code == status


def test_what_another_left_at_the_bank_counts_until_the_address_is_proved(
    checkout: CheckoutClient,
) -> None:
    buy(checkout, checkout.client, item="field-notes")
    ada = known(checkout, browser=checkout.client)
    buy(checkout, checkout.stranger(), item=MUG, payment_method=NEEDS_BANK)
    assert send(checkout.stranger(), item=MUG).status_code == 409
    assert send(ada, item=MUG).status_code == 202
