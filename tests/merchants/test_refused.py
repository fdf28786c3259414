"""A merchant whose account Stripe refused: why, and that it is asked for again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.merchants.accounts import state_of
from payments_app.merchants.onboarding import request_account_again
from tests.merchants.connected_merchants import (
    account,
    account_id,
    api,
    by_both_apis,
    create_merchant,
    create_ready_merchant,
)
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
WORDS = {
    "v1": "Stripe no longer recommends Accounts v1 for new Connect integrations.",
    "v2": "Accounts v2 is not enabled for your platform.",
}


def refused_merchant(driver: PaymentDriver, accounts_api: str) -> str:
    """A merchant of a platform that Stripe does not let use this API."""
    driver.sandbox("POST", "/_sandbox/accounts_apis", **{accounts_api: False})
    return create_merchant(driver)


def allow(driver: PaymentDriver) -> None:
    driver.sandbox("POST", "/_sandbox/accounts_apis", v1=True, v2=True)


def open_alerts(kind: str) -> list[Alert]:
    db.session.rollback()
    query = select(Alert).where(Alert.kind == kind, Alert.acknowledged_at.is_(None))
    return list(db.session.scalars(query))


@by_both_apis
def test_a_refusal_is_kept_in_stripes_words_with_an_alert(
    driver: PaymentDriver, accounts_api: str
) -> None:
    found = account(refused_merchant(driver, accounts_api))
    assert state_of(found) == "refused"
    assert (found.error_message or "").startswith(WORDS[accounts_api])
    (alert,) = open_alerts("merchant_refused")
    assert WORDS[accounts_api] in alert.message


@by_both_apis
def test_it_is_asked_for_again_once_stripe_allows_it(
    driver: PaymentDriver, accounts_api: str
) -> None:
    merchant = refused_merchant(driver, accounts_api)
    allow(driver)
    assert request_account_again(merchant, "ada")
    driver.work("default")
    assert state_of(account(merchant)) == "onboarding"
    assert open_alerts("merchant_refused") == []


@by_both_apis
def test_what_is_refused_again_says_so_again(driver: PaymentDriver, accounts_api: str) -> None:
    merchant = refused_merchant(driver, accounts_api)
    request_account_again(merchant, "ada")
    driver.work("default")
    assert state_of(account(merchant)) == "refused"
    assert len(open_alerts("merchant_refused")) == 1


@pytest.mark.parametrize("accounts_api", ["v1"])
def test_it_is_made_by_v2_once_the_setting_says_so(
    driver: PaymentDriver, accounts_api: str
) -> None:
    merchant = refused_merchant(driver, accounts_api)
    driver.app.config["CONFIG"] = replace(driver.config, stripe_accounts_api="v2")
    request_account_again(merchant, "ada")
    driver.work("default")
    assert state_of(account(merchant)) == "onboarding"
    assert (account(merchant).stripe_data or {})["object"] == "v2.core.account"


def test_asking_again_twice_makes_one_account(driver: PaymentDriver) -> None:
    merchant = refused_merchant(driver, "v2")
    allow(driver)
    assert [request_account_again(merchant, "ada") for _ in range(2)] == [True, False]
    driver.work("default")
    assert [one["id"] for one in api(driver, "GET", "accounts")["data"]] == [account_id(merchant)]


def test_an_account_whose_answer_was_lost_is_found_and_not_made_again(
    driver: PaymentDriver,
) -> None:
    merchant = refused_merchant(driver, "v2")
    allow(driver)
    made = api(driver, "POST", "accounts", **{"metadata[merchant_id]": merchant})["id"]
    request_account_again(merchant, "ada")
    driver.work("default")
    assert account_id(merchant) == made


def test_a_merchant_with_an_account_is_not_asked_for_again(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    assert not request_account_again(merchant, "ada")
    assert state_of(account(merchant)) == "ready"


def test_who_asked_again_and_why_is_history(driver: PaymentDriver) -> None:
    merchant = refused_merchant(driver, "v2")
    request_account_again(merchant, "ada")
    asked = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.what == "merchant.account_requested_again")
    ).one()
    assert (asked.actor, asked.subject) == ("ada", merchant)
    assert WORDS["v2"] in asked.data["refused"]
