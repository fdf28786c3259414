"""The search box finds a payment by whatever the customer can read out, and says how."""

from __future__ import annotations

import datetime as dt

import pytest

from payments_app.core.db.ids import reference
from tests.accounts.staff_driver import Browser
from tests.core.email_forms import FORMS, ONE
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def haystack(stored_payments: StoredPayments) -> str:
    """One payment that answers to everything, among others that do not."""
    stored_payments.payment(email="bob@example.com", amount=5, card_last4="0000")
    order = stored_payments.order()
    return stored_payments.payment(
        order_id=order.id,
        amount=1234,
        card_last4="4343",
        stripe_payment_id="pi_needle",
        stripe_customer_id="cus_needle",
        stripe_data={"latest_charge": {"id": "ch_needle"}},
        created_at=dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC),
        description=f"Order #{order.number} {order.id}",
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("Ada@Example.com", "E-mail"),
        ("4343", "Last four of the card"),
        ("$12.34", "Amount"),
        ("pi_needle", "Stripe payment id"),
        ("ch_needle", "Stripe charge id"),
        ("cus_needle", "Stripe customer id"),
        ("02/03/2026", "Date"),
        ("2026-02-03", "Date"),
    ],
)
def test_a_payment_is_found_and_the_match_is_named(
    viewer: Browser, haystack: str, typed: str, why: str
) -> None:
    page = viewer.get("/staff/payments", query_string={"q": typed}).text
    assert f"Matched: {why}" in page
    assert reference(haystack) in page


def test_our_own_ids_and_numbers_are_found(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    id_ = stored_payments.payment(order_id=order.id)
    customer = stored_payments.customer_id()
    wanted = {
        id_: "Our id",
        reference(id_): "Reference",
        reference(id_).lower(): "Reference",
        order.id: "Order id",
        f"#{order.number.lower()}": "Order number",
        customer: "Customer id",
    }
    for typed, why in wanted.items():
        page = viewer.get("/staff/payments", query_string={"q": typed}).text
        assert f"Matched: {why}" in page
        assert reference(id_) in page


def test_an_amount_is_read_in_each_currency_s_own_units(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    yen = stored_payments.payment(amount=1800, currency="jpy")
    dollars = stored_payments.payment(amount=180000)
    other = stored_payments.payment(amount=1800)
    page = viewer.get("/staff/payments?q=1800").text
    assert reference(yen) in page
    assert reference(dollars) in page
    assert reference(other) not in page


def test_nothing_found_says_what_can_be_searched(viewer: Browser) -> None:
    page = viewer.get("/staff/payments?q=nothing").text
    assert "Nothing matches “nothing”." in page
    assert "order number" in page


@pytest.mark.parametrize("typed", FORMS)
@pytest.mark.parametrize("box", ["q", "email"])
def test_an_address_is_found_in_any_form(
    viewer: Browser, stored_payments: StoredPayments, box: str, typed: str
) -> None:
    mine = stored_payments.payment(email=ONE.capitalize())
    other = stored_payments.payment(email="müller@bucher.example")
    page = viewer.get("/staff/payments", query_string={box: typed}).text
    assert (reference(mine) in page, reference(other) in page) == (True, False)
