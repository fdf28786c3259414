"""The trial balance, as staff read it."""

from __future__ import annotations

import pytest

from tests.accounts.staff_driver import StaffDriver
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.fixture
def staff_driver(driver: PaymentDriver) -> StaffDriver:
    """Staff members and their browsers."""
    return StaffDriver(driver.app)


@pytest.mark.alone
def test_a_viewer_reads_every_account_and_that_they_are_level(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay()
    page = staff_driver.signed_in("viewer").get("/staff/ledger").text
    for words in ("Stripe balance", "Sales", "Stripe fees", "$10.37", "-$10.99", "$0.62", "$0.00"):
        assert words in page


@pytest.mark.alone
def test_each_currency_has_a_balance_of_its_own(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay(order=driver.create_order(1800, "jpy"))
    page = staff_driver.signed_in("viewer").get("/staff/ledger").text
    assert "Trial balance, JPY" in page
    assert "Trial balance, USD" not in page


@pytest.mark.alone
def test_an_empty_ledger_says_so(staff_driver: StaffDriver) -> None:
    assert "No entries yet." in staff_driver.signed_in("viewer").get("/staff/ledger").text


def test_the_ledger_is_for_staff(staff_driver: StaffDriver) -> None:
    assert staff_driver.browser().get("/staff/ledger").status_code == 303
