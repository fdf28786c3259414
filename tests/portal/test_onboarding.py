"""What the portal says of a merchant's account at Stripe."""

from __future__ import annotations

import re

import pytest

from payments_app.merchants.read_again import LOOKED_SECONDS
from tests.merchants.connected_merchants import (
    account_id,
    age,
    create_merchant,
    create_ready_merchant,
    sell,
)
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.settlement.books import batches

pytestmark = pytest.mark.portable


def test_a_merchant_who_cannot_be_paid_is_told_and_led_on(
    driver: PaymentDriver, portal: Portal
) -> None:
    browser = portal.signed_in(create_merchant(driver))
    page = browser.get("/portal/payments").text
    assert "Stripe needs your details" in page
    link = re.search(r'href="[^"]*(/onboarding/[^"]+)"', page)
    assert link
    assert browser.get(link[1]).status_code == 200


def test_a_merchant_who_is_paid_reads_nothing_of_it(driver: PaymentDriver, portal: Portal) -> None:
    browser = portal.signed_in(create_ready_merchant(driver))
    assert "receive payments" not in browser.get("/portal/payments").text


def test_a_merchant_who_looks_has_their_account_read(driver: PaymentDriver, portal: Portal) -> None:
    merchant = create_merchant(driver)
    driver.work("default")
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/onboard")
    age(merchant, LOOKED_SECONDS + 1)
    browser = portal.signed_in(merchant)
    assert "Stripe needs your details" in browser.get("/portal/payments").text
    driver.work("default")
    assert "Stripe needs your details" not in browser.get("/portal/payments").text


def test_the_shop_itself_has_nothing_to_connect(portal: Portal) -> None:
    assert "How to get paid" not in portal.signed_in().get("/portal/payments").text


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_merchants_statement_has_the_platforms_fee(
    driver: PaymentDriver, portal: Portal, charge_type: str
) -> None:
    merchant = create_ready_merchant(driver, charge_type)
    sell(driver, merchant)
    page = portal.signed_in(merchant).get(f"/portal/statements/{batches()[0].id}").text
    assert "\u2212$3.20" in page
    net = "$96.80" if charge_type == "destination" else "$93.60"
    assert net in page
