"""What a merchant sells: whom it pays, our fee, and what Stripe is told."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.merchants.accounts import state_of
from payments_app.payments.connect.account import account_of
from payments_app.payments.connect.platform_fee import platform_fee
from payments_app.payments.payable import NotPayableError
from tests.merchants.connected_merchants import (
    account,
    account_id,
    api,
    by_both_apis,
    create_merchant,
    create_ready_merchant,
    create_sale,
    sell,
)
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("amount", "currency", "fee"),
    [
        (10_000, "usd", 320),
        (1099, "usd", 62),  # 61.871
        (500, "usd", 45),  # 44.5 is rounded up
        (30, "usd", 29),  # never the whole of it
        (1, "usd", None),
        (10_000, "kwd", 320),
        (12_340, "kwd", 390),  # 387.86, in steps of ten
        (100_000, "isk", 2900),  # 2930, in hundreds
    ],
)
def test_the_fee_is_rounded_half_up_and_below_the_amount(
    amount: int, currency: str, fee: int | None
) -> None:
    assert platform_fee(Money(amount, currency), {}) == fee


def test_the_fixed_part_of_the_fee_is_a_setting_by_currency() -> None:
    assert platform_fee(Money(10_000, "jpy"), {"jpy": 45}) == 335


def intent(driver: PaymentDriver, transaction: str, on: str = "") -> dict[str, Any]:
    stripe_id = driver.read(transaction).stripe_payment_id
    found: dict[str, Any] = api(driver, "GET", f"payment_intents/{stripe_id}", on)
    return found


@by_both_apis
def test_a_destination_charge_is_ours_with_a_transfer_and_a_fee(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    transaction = sell(driver, merchant)
    found = driver.read(transaction)
    assert (found.phase, found.platform_fee) == ("complete", 320)
    assert found.connected_account_id == account_id(merchant)
    at_stripe = intent(driver, transaction)
    assert at_stripe["application_fee_amount"] == 320
    assert at_stripe["transfer_data"]["destination"] == account_id(merchant)


@by_both_apis
def test_a_direct_charge_is_the_merchants_with_a_fee_for_us(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver, "direct")
    transaction = sell(driver, merchant)
    assert driver.read(transaction).phase == "complete"
    at_stripe = intent(driver, transaction, account_id(merchant))
    assert (at_stripe["application_fee_amount"], at_stripe["transfer_data"]) == (320, None)
    assert driver.intents() == []


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_transfer_data_never_goes_with_the_stripe_account_header(
    driver: PaymentDriver, charge_type: str
) -> None:
    found = driver.read(sell(driver, create_ready_merchant(driver, charge_type)))
    transfers = "transfer_data" in found.parameters["create"]
    assert transfers is (account_of(found) is None)


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_decline_moves_nothing_on_either_side(driver: PaymentDriver, charge_type: str) -> None:
    merchant = create_ready_merchant(driver, charge_type)
    transaction = sell(driver, merchant, "pm_card_visa_chargeDeclined")
    assert driver.read(transaction).declined
    assert api(driver, "GET", "transfers")["data"] == []
    assert api(driver, "GET", "application_fees")["data"] == []


def test_a_shops_own_sale_names_no_account_and_no_fee(driver: PaymentDriver) -> None:
    found = driver.read(driver.pay())
    assert (found.connected_account_id, found.charge_type, found.platform_fee) == (None,) * 3


def test_a_merchant_who_is_not_onboarded_sells_nothing(driver: PaymentDriver) -> None:
    order = create_sale(create_merchant(driver))
    with pytest.raises(NotPayableError) as caught:
        driver.open(order=order)
    assert caught.value.code == "seller_not_ready"
    assert caught.value.message == (
        "Juniper can't take payments just now. Nothing was charged. Please come back later."
    )


def test_a_merchant_who_left_is_a_permission_error_and_charges_nobody(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver, "direct")
    order = create_sale(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/deauthorize")
    found = driver.read(driver.pay(order=order))
    assert found.phase == "failed"
    assert found.error_type == "permission_error"
    assert found.error_message == "Connected account permission denied"
    assert "seller_refused" in [alert.kind for alert in db.session.query(Alert)]
    assert state_of(account(merchant)) == "disconnected"


def test_a_merchant_who_leaves_in_mid_charge_charges_nobody(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver, "direct")
    driver.fail_stripe("forbidden", "/confirm", times=1)
    found = driver.read(sell(driver, merchant))
    assert (found.phase, found.error_type) == ("failed", "permission_error")
    assert api(driver, "GET", "application_fees")["data"] == []


def test_a_key_of_ours_that_stripe_refuses_fails_no_merchants_payment(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver)
    driver.fail_stripe("forbidden", "/v1/payment_intents", times=1)
    assert driver.read(sell(driver, merchant)).phase == "processing"


def test_a_transfer_to_a_merchant_who_left_fails_before_anything_moves(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver)
    order = create_sale(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/deauthorize")
    found = driver.read(driver.pay(order=order))
    assert (found.phase, found.error_code) == ("failed", "resource_missing")
    assert state_of(account(merchant)) == "disconnected"


def test_a_transfer_that_stripe_no_longer_allows_fails_before_anything_moves(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver)
    order = create_sale(merchant)
    stripe_id = account_id(merchant)
    driver.sandbox(
        "POST", f"/_sandbox/accounts/{stripe_id}", capabilities={"transfers": "inactive"}
    )
    found = driver.read(driver.pay(order=order))
    assert (found.phase, found.error_code) == ("failed", "insufficient_capabilities_for_transfer")
    assert state_of(account(merchant)) == "restricted"
