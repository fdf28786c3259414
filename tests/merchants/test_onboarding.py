"""A merchant's account at Stripe: made once, known by what Stripe says of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.gateway import connect
from payments_app.gateway.results import Answer, Verdict
from payments_app.merchants import onboarding
from payments_app.merchants import refresh_account as refresh
from payments_app.merchants.accounts import state_of
from payments_app.merchants.make_link import MOST_TRIES, make_link
from payments_app.merchants.models import ConnectedAccount
from payments_app.merchants.onboarding import (
    add_merchant,
    open_link,
    request_link,
    returned_from_stripe,
)
from payments_app.merchants.refresh_account import refresh_account
from payments_app.merchants.requirements import asked_for
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import (
    ACCOUNTS,
    account,
    account_id,
    api,
    by_both_apis,
    create_merchant,
    create_ready_merchant,
    told_of,
)
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, by_both_apis]


def test_a_new_merchant_has_an_account_that_asks_for_details(driver: PaymentDriver) -> None:
    merchant = create_merchant(driver)
    found = account(merchant)
    assert state_of(found) == "onboarding"
    assert asked_for(found) == ["a website", "a bank account", "consent to Stripe's terms"]


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_merchant_who_gave_its_details_can_be_paid(
    driver: PaymentDriver, charge_type: str
) -> None:
    merchant = create_ready_merchant(driver, charge_type)
    found = account(merchant)
    assert state_of(found) == "ready"
    assert (found.payouts_enabled, found.requirements) == (True, {})
    assert told_of(merchant)[-1] == "merchant.ready"


def test_details_given_before_the_account_is_stored_here_are_not_missed(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its event finds nobody: our row has no account yet, and the answer is older than it."""
    create, other = connect.create_account, create_merchant(driver, name="Harbour")

    def and_onboard_at_once(*args: Any, **kwargs: Any) -> Answer:
        answer = create(*args, **kwargs)
        made = answer.expect_body()["id"]
        driver.sandbox("POST", f"/_sandbox/accounts/{made}/onboard")
        refresh_account(made, claim(made))
        return answer

    monkeypatch.setattr(connect, "create_account", and_onboard_at_once)
    merchant = create_merchant(driver)
    driver.work("default")
    assert state_of(account(merchant)) == "ready"
    assert state_of(account(other)) == "onboarding"


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "truncate", "500_before"])
def test_a_lost_answer_does_not_make_two_accounts(driver: PaymentDriver, fault: str) -> None:
    driver.fail_stripe(fault, ACCOUNTS, times=1)
    merchant = create_merchant(driver)
    driver.work_all_waiting()
    driver.work_all_waiting()
    made = [one["id"] for one in api(driver, "GET", "accounts")["data"]]
    assert made == [account_id(merchant)]


def test_news_of_an_account_whose_answer_is_on_its_way_finds_its_merchant(
    driver: PaymentDriver,
) -> None:
    merchant = add_merchant(name="Juniper", email="j@example.com", actor="ada")
    made = api(driver, "POST", "accounts", **{"metadata[merchant_id]": merchant})["id"]
    refresh_account(made, claim(made))
    assert account_id(merchant) == made


def test_an_account_that_stripe_refuses_says_why(driver: PaymentDriver) -> None:
    merchant = add_merchant(name="Juniper", email="j@example.com", actor="ada", country="??")
    driver.work("default")
    found = account(merchant)
    assert state_of(found) == "refused"
    assert found.error_message == (
        "Country '??' is unknown. Try using a 2-character alphanumeric country code instead, "
        "such as 'US', 'EG', or 'GB'."
    )


def test_a_link_leads_to_stripes_own_form(driver: PaymentDriver) -> None:
    merchant = create_merchant(driver)
    request_link(merchant)
    driver.work("default")
    link = open_link(db.session(), merchant)
    assert link is not None
    assert link.startswith(f"{driver.config.stripe_api_base}/onboarding/{account_id(merchant)}/")


def test_no_table_holds_a_link_to_stripes_form(driver: PaymentDriver) -> None:
    """It signs in whoever opens it."""
    merchant = create_merchant(driver)
    request_link(merchant)
    driver.work("default")
    link = open_link(db.session(), merchant)
    assert link is not None
    rows = [
        str(row)
        for table in db.metadata.sorted_tables
        for row in db.session.execute(table.select())
    ]
    assert any(merchant in row for row in rows)
    assert [row for row in rows if link.rpartition("/")[2] in row] == []


def test_a_link_of_a_release_before_is_asked_for_anew(driver: PaymentDriver) -> None:
    merchant, other = create_merchant(driver), create_merchant(driver)
    for each in (merchant, other):
        request_link(each)
    driver.work("default")
    db.session.get_one(ConnectedAccount, merchant).link_url = "https://connect.stripe.com/plain"
    db.session.commit()
    assert open_link(db.session(), merchant) is None
    assert open_link(db.session(), other)


def test_a_used_link_is_not_shown_again(driver: PaymentDriver) -> None:
    merchant = create_merchant(driver)
    request_link(merchant)
    driver.work("default")
    returned_from_stripe(merchant)
    assert open_link(db.session(), merchant) is None


def test_a_link_that_is_used_up_is_made_anew(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onboarding, "EVERY_SECONDS", 10**6)
    merchant = create_merchant(driver)
    request_link(merchant)
    driver.work("default")
    returned_from_stripe(merchant)
    request_link(merchant)
    driver.make_due()
    driver.work("default")
    assert open_link(db.session(), merchant)


def test_coming_back_reads_the_account(driver: PaymentDriver) -> None:
    merchant = create_merchant(driver)
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/onboard")
    returned_from_stripe(merchant)
    driver.work("default")
    assert state_of(account(merchant)) == "ready"


def test_what_happened_just_after_a_reading_is_read_too(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "EVERY_SECONDS", 10**6)
    merchant = create_merchant(driver)
    returned_from_stripe(merchant)
    driver.work("default")
    assert state_of(account(merchant)) == "onboarding"
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/onboard")
    for _ in range(2):
        returned_from_stripe(merchant)
    driver.make_due()
    driver.work("default")
    assert state_of(account(merchant)) == "ready"


def test_an_account_that_stripe_wants_more_of_is_restricted(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    stripe_id = account_id(merchant)
    wanted = {"capabilities": {"transfers": "inactive"}, "charges_enabled": False}
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}", **wanted)
    refresh_account(stripe_id, claim(stripe_id))
    assert state_of(account(merchant)) == "restricted"


@pytest.mark.parametrize("status", [None, "xyz_new"])
def test_a_capability_whose_status_we_do_not_know_stays_where_it_is(
    driver: PaymentDriver, status: str | None
) -> None:
    merchant = create_ready_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}", capabilities={"transfers": status})
    refresh_account(stripe_id, claim(stripe_id))
    assert state_of(account(merchant)) == "ready"
    assert "stripe_word" in alerts()


def test_a_link_that_can_not_be_made_is_told_to_a_person(driver: PaymentDriver) -> None:
    driver.fail_stripe("rate_limit", ACCOUNTS, times=1)
    merchant = create_merchant(driver)
    make_link(merchant, claim(merchant, tries=MOST_TRIES))
    assert "no_link" in alerts()


def test_an_account_that_stripe_does_not_know_is_not_asked_for_again(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = Answer("account_retrieve", Verdict.INVALID, error={"code": "resource_missing"})
    monkeypatch.setattr(connect, "retrieve_account", lambda _id, **_: unknown)
    refresh_account("acct_nobody", claim("acct_nobody"))
    assert "account_unreadable" in alerts()


def alerts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Alert.kind)))


def test_an_account_that_our_key_no_longer_reaches_has_left(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/deauthorize")
    refresh_account(stripe_id, claim(stripe_id))
    assert state_of(account(merchant)) == "disconnected"
    assert told_of(merchant)[-1] == "merchant.left"
