"""Accounts that v1 made go on to work where v2 makes the new ones, and the other way round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from payments_app.core.extensions import db
from payments_app.merchants.accounts import state_of
from payments_app.merchants.onboarding import open_link, request_link
from payments_app.merchants.refresh_account import refresh_account
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account, account_id, by_both_apis, create_merchant
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, by_both_apis]


def change_setting(driver: PaymentDriver, accounts_api: str) -> None:
    """From now on the other API makes accounts."""
    other = {"v1": "v2", "v2": "v1"}[accounts_api]
    driver.app.config["CONFIG"] = replace(driver.config, stripe_accounts_api=other)


def asked_of(driver: PaymentDriver, path: str) -> int:
    found = driver.sandbox("GET", f"/_sandbox/requests?path={path}")["requests"]
    return len(found)


def test_an_account_is_read_by_the_api_that_made_it(
    driver: PaymentDriver, accounts_api: str
) -> None:
    merchant = create_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/onboard")
    change_setting(driver, accounts_api)
    refresh_account(stripe_id, claim(stripe_id))
    assert state_of(account(merchant)) == "ready"
    other = f"/v1/accounts/{stripe_id}" if accounts_api == "v2" else "/v2/"
    assert asked_of(driver, other) == 0


def test_its_link_is_made_by_the_api_that_made_it(driver: PaymentDriver, accounts_api: str) -> None:
    merchant = create_merchant(driver)
    change_setting(driver, accounts_api)
    request_link(merchant)
    driver.work("default")
    assert open_link(db.session(), merchant)
    other = "/v1/account_links" if accounts_api == "v2" else "/v2/"
    assert asked_of(driver, other) == 0
