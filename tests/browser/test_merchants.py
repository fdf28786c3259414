"""Buying from merchants, and a merchant's own onboarding link, in a real browser."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.merchants.onboarding_link import onboarding_url
from payments_app.orders.product_models import Product
from tests.browser.buyer import DECLINED, SECURE, Buyer
from tests.browser.test_accessibility import complaints
from tests.merchants.connected_merchants import create_merchant, create_ready_merchant, records
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.browser
MerchantItem = Callable[[str], str]


@pytest.fixture
def driver(shop_app: Flask) -> Iterator[PaymentDriver]:
    with shop_app.app_context():
        yield PaymentDriver(shop_app)


@pytest.fixture
def merchant_item(driver: PaymentDriver) -> MerchantItem:
    """What an onboarded merchant sells, by the type of its charges."""
    return lambda charge_type: _shelve(create_ready_merchant(driver, charge_type))


@atomic
def _shelve(session: Session, merchant: str) -> str:
    slug = f"print-{secrets.token_hex(4)}"
    session.add(
        Product(slug=slug, name="Print", amount=10_000, currency="usd", merchant_id=merchant)
    )
    return slug


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_buyer_pays_a_merchant(
    buyer: Buyer, driver: PaymentDriver, merchant_item: MerchantItem, charge_type: str
) -> None:
    buyer.open(merchant_item(charge_type))
    buyer.reads("Sold by Juniper")
    buyer.fill()
    buyer.press_pay()
    buyer.sees("Thank you")
    driver.work("payment_critical")
    sides = {side for side, _, _ in records(buyer.status()["id"])}
    assert sides == {"platform", "merchant"}


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_the_banks_check_works_on_both_accounts(
    buyer: Buyer, merchant_item: MerchantItem, charge_type: str
) -> None:
    buyer.pay(SECURE, merchant_item(charge_type))
    buyer.answer_bank("complete")
    buyer.sees("Thank you")


def test_a_decline_on_a_merchants_account_is_said_as_any_other(
    buyer: Buyer, merchant_item: MerchantItem
) -> None:
    buyer.pay(DECLINED, merchant_item("direct"))
    buyer.reads("Your bank declined this payment.")


def test_a_merchant_who_is_not_onboarded_has_no_form(buyer: Buyer, driver: PaymentDriver) -> None:
    buyer.open(_shelve(create_merchant(driver)))
    buyer.reads("Juniper can't take payments just now. Nothing was charged.")
    expect(buyer.page.locator("[data-pay]")).to_have_count(0)
    assert complaints(buyer.page) == []


def test_a_merchant_finds_the_way_to_stripe_and_back(buyer: Buyer, driver: PaymentDriver) -> None:
    buyer.page.goto(onboarding_url(create_merchant(driver)))
    assert complaints(buyer.page) == []
    buyer.page.get_by_role("button", name="Continue to Stripe").click()
    driver.work("default")
    link = buyer.page.get_by_role("link", name="Continue to Stripe")
    expect(link).to_be_visible(timeout=15_000)
    link.click()
    buyer.page.locator("#complete").click()
    buyer.is_at("/onboarding/")
    driver.work("default")
    buyer.page.reload()
    buyer.reads("You can receive payments.")
