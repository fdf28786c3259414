"""Connected accounts are read again by the clock, and since somebody looks at them."""

from __future__ import annotations

import pytest

from payments_app.merchants import read_again
from payments_app.merchants.accounts import state_of
from payments_app.merchants.read_again import LOOKED_SECONDS, read_due_accounts, read_looked_at
from payments_app.merchants.refresh_account import REFRESH, refresh_account
from payments_app.schedule import SCHEDULE
from tests.ledger.concurrency import claim, run_at_once
from tests.merchants.connected_merchants import (
    account,
    account_id,
    age,
    by_both_apis,
    create_merchant,
    create_ready_merchant,
)
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
DAY = 86_400.0


def readings(driver: PaymentDriver, *merchants: str) -> list[str]:
    """The accounts of these merchants for which a reading waits."""
    waiting = [m.subject for m in driver.messages(REFRESH) if m.done_at is None]
    return sorted(set(waiting) & {account_id(merchant) for merchant in merchants})


@by_both_apis
def test_what_no_event_told_is_read_after_a_day(driver: PaymentDriver) -> None:
    merchant = create_merchant(driver)
    driver.work("default")
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/onboard")
    age(merchant, DAY + 1)
    read_due_accounts()
    driver.work("default")
    assert state_of(account(merchant)) == "ready"


def test_the_clock_is_on_the_schedule(driver: PaymentDriver) -> None:
    (job,) = [each for each in SCHEDULE if each.command == read_again.READ_DUE]
    assert driver.app.extensions["commands"][job.command].unique_while_open
    assert job.seconds < DAY


def test_the_clock_reads_an_account_once_a_day(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    driver.work("default")
    read_due_accounts()
    assert readings(driver, merchant) == []
    age(merchant, DAY + 1)
    for _ in range(2):
        read_due_accounts()
    staged = [m for m in driver.messages(REFRESH) if m.done_at is None]
    assert len(staged) == 1


def test_the_clock_reads_in_parts_whoever_waited_longest_first(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_again, "MOST", 1)
    first, second = create_ready_merchant(driver), create_ready_merchant(driver)
    driver.work("default")
    age(first, 3 * DAY)
    age(second, 2 * DAY)
    read_due_accounts()
    assert readings(driver, first, second) == [account_id(first)]
    read_due_accounts()
    assert readings(driver, first, second) == sorted([account_id(first), account_id(second)])


def test_an_account_that_left_is_not_read_by_the_clock(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/deauthorize")
    refresh_account(stripe_id, claim(stripe_id))
    driver.work("default")
    age(merchant, 2 * DAY)
    read_due_accounts()
    assert readings(driver, merchant) == []


def test_an_account_that_stripe_closed_has_left(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    stripe_id = account_id(merchant)
    driver.sandbox("POST", f"/_sandbox/accounts/{stripe_id}", _closed=True)
    refresh_account(stripe_id, claim(stripe_id))
    assert state_of(account(merchant)) == "disconnected"
    assert not account(merchant).transfers_enabled


def test_whoever_looks_has_an_account_read_once_in_some_minutes(driver: PaymentDriver) -> None:
    merchant, other = create_ready_merchant(driver), create_ready_merchant(driver)
    driver.work("default")
    read_looked_at([merchant])
    assert readings(driver, merchant) == []
    for each in (merchant, other):
        age(each, LOOKED_SECONDS + 1)
    run_at_once(driver.app, lambda: read_looked_at([merchant]))
    staged = [m.subject for m in driver.messages(REFRESH) if m.done_at is None]
    assert staged == [account_id(merchant)]


def test_an_account_that_can_not_be_read_is_asked_for_no_oftener(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    driver.work("default")
    age(merchant, LOOKED_SECONDS + 1)
    driver.fail_stripe("rate_limit", "/accounts/", times=None)
    for _ in range(3):
        read_looked_at([merchant])
        driver.work("default")
    staged = [m for m in driver.messages(REFRESH) if m.done_at is None]
    assert len(staged) == 1
