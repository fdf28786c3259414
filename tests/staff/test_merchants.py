"""Merchants on the dashboard, and both sides of what they sold."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from payments_app.merchants.read_again import LOOKED_SECONDS
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.merchants.connected_merchants import (
    account,
    account_id,
    age,
    create_merchant,
    create_ready_merchant,
    sell,
)
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back

pytestmark = pytest.mark.portable


@pytest.fixture
def driver(app: Flask) -> PaymentDriver:
    """What it does is run by `staff_driver.do`, in a context of its own, as requests are."""
    return PaymentDriver(app)


def test_a_viewer_reads_how_far_each_merchant_is(
    driver: PaymentDriver, staff_driver: StaffDriver, viewer: Browser
) -> None:
    merchant = staff_driver.do(create_ready_merchant, driver)
    page = viewer.get("/staff/merchants").text
    assert "The merchant can receive payments." in page
    assert re.search(r'<bdi class="address">[\w.]+@<wbr>[\w.]+\.\w+</bdi>', page)
    assert staff_driver.do(account_id, merchant) in page
    assert "Onboarding page" not in page


def test_only_an_administrator_connects_a_merchant(viewer: Browser) -> None:
    wish = {"name": "Juniper", "email": "j@example.com", "country": "US"}
    assert viewer.post("/staff/merchants", **wish).status_code == 403


def test_an_administrator_connects_a_merchant(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    admin = staff_driver.signed_in("admin")
    wish = {"name": "Juniper", "email": "j@example.com", "country": "us", "charge_type": "direct"}
    assert admin.post("/staff/merchants", **wish).status_code == 303
    staff_driver.do(driver.work, "default")
    page = admin.get("/staff/merchants").text
    assert "The merchant must give Stripe its details." in page
    assert "Onboarding page" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "name"),
        ("email", "nobody", "e-mail"),
        ("country", "USA", "two-letter"),
        ("charge_type", "barter", "charge type"),
    ],
)
def test_an_odd_merchant_is_refused_with_a_sentence(
    staff_driver: StaffDriver, field: str, value: str, words: str
) -> None:
    wish = {"name": "Juniper", "email": "j@example.com", "country": "US"}
    answer = staff_driver.signed_in("admin").post("/staff/merchants", **wish | {field: value})
    assert answer.status_code == 422
    assert words in answer.text


def test_a_payment_shows_the_records_of_both_sides(
    driver: PaymentDriver, staff_driver: StaffDriver, viewer: Browser
) -> None:
    merchant = staff_driver.do(create_ready_merchant, driver)
    transaction = staff_driver.do(sell, driver, merchant)
    staff_driver.do(give_back, driver, transaction, 2500)
    page = viewer.get(f"/staff/payments/{transaction}").text
    assert "On our account" in page
    assert "On the merchant&#39;s account" in page
    for prefix in ("ch_", "tr_", "fee_", "trr_", "fr_", "py_", "pyr_"):
        assert f"<code>{prefix}" in page
    assert "$7,260.00" not in page
    assert "$72.60" in page


def test_a_payment_of_the_shops_own_shows_no_sides(
    driver: PaymentDriver, staff_driver: StaffDriver, viewer: Browser
) -> None:
    assert "On our account" not in viewer.get(f"/staff/payments/{staff_driver.do(driver.pay)}").text


def test_an_administrator_has_an_account_read_again(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    merchant = staff_driver.do(create_ready_merchant, driver)
    stripe_id = staff_driver.do(account_id, merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}", payouts_enabled=False)
    answer = staff_driver.signed_in("admin").post(f"/staff/merchants/{merchant}/readings")
    assert answer.status_code == 303
    staff_driver.do(driver.work, "default")
    assert not staff_driver.do(account, merchant).payouts_enabled


def test_an_administrator_has_a_refused_account_tried_again(
    driver: PaymentDriver, staff_driver: StaffDriver, viewer: Browser
) -> None:
    driver.sandbox("POST", "/_sandbox/accounts_apis", v2=False)
    merchant = staff_driver.do(create_merchant, driver)
    admin = staff_driver.signed_in("admin")
    page = admin.get("/staff/merchants").text
    assert "Accounts v2 is not enabled for your platform." in page
    address = f"/staff/merchants/{merchant}/accounts"
    assert address in page
    assert "Try again" not in viewer.get("/staff/merchants").text
    assert viewer.post(address).status_code == 403
    assert admin.client.post(address).status_code == 400  # without the form's token
    driver.sandbox("POST", "/_sandbox/accounts_apis", v2=True)
    assert admin.post(address).status_code == 303
    staff_driver.do(driver.work, "default")
    assert "Try again" not in admin.get("/staff/merchants").text
    assert staff_driver.do(account_id, merchant)
    (asked,) = staff_driver.entries("merchant.account_requested_again")
    assert asked.subject == merchant


def test_nobody_s_account_is_tried_again(staff_driver: StaffDriver) -> None:
    answer = staff_driver.signed_in("admin").post("/staff/merchants/mrc_nobody/accounts")
    assert answer.status_code == 404


def test_looking_at_the_merchants_has_their_accounts_read(
    driver: PaymentDriver, staff_driver: StaffDriver, viewer: Browser
) -> None:
    merchant = staff_driver.do(create_ready_merchant, driver)
    stripe_id = staff_driver.do(account_id, merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}", payouts_enabled=False)
    staff_driver.do(age, merchant, LOOKED_SECONDS + 1)
    for _ in range(2):
        assert "Its payouts wait" not in viewer.get("/staff/merchants").text
    staff_driver.do(driver.work, "default")
    assert "Its payouts wait" in viewer.get("/staff/merchants").text


def test_a_direct_charge_is_linked_to_the_merchants_account(
    driver: PaymentDriver, staff_driver: StaffDriver, viewer: Browser
) -> None:
    merchant = staff_driver.do(create_ready_merchant, driver, "direct")
    transaction = staff_driver.do(sell, driver, merchant)
    intent = staff_driver.do(driver.read, transaction).stripe_payment_id
    page = viewer.get(f"/staff/payments/{transaction}").text
    account = staff_driver.do(account_id, merchant)
    address = f"https://dashboard.stripe.com/{account}/test/payments/{intent}"
    assert address in page
