"""The trial balance, as staff read it."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest

from payments_app.core.db.clock import utcnow
from payments_app.ledger import export, views
from tests.accounts.staff_driver import StaffDriver
from tests.csv_rows import csv_rows
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
    for words in (
        "Stripe balance",
        "Sales",
        "Stripe fees",
        "$10.37",
        "\u2212$10.99",
        "$0.62",
        "$0.00",
    ):
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


@pytest.mark.alone
def test_a_period_has_the_balance_and_the_journals_of_its_days(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    transaction = driver.pay()
    today, viewer = utcnow().date(), staff_driver.signed_in("viewer")
    days = f"from={today - dt.timedelta(days=1)}&to={today + dt.timedelta(days=1)}"
    assert "$10.37" in viewer.get(f"/staff/ledger?{days}").text
    page = viewer.get(f"/staff/ledger/journals?{days}").text
    for words in ("Capture", "Stripe fee", "$10.99", "$0.62", f"/staff/payments/{transaction}"):
        assert words in page
    before = "from=2020-02-01&to=2020-02-02"
    assert "No entries yet." in viewer.get(f"/staff/ledger?{before}").text
    assert "No journals in this period." in viewer.get(f"/staff/ledger/journals?{before}").text


@pytest.mark.alone
def test_the_journals_are_a_file_that_sums_to_zero(
    driver: PaymentDriver, staff_driver: StaffDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_BATCH", 1)
    driver.pay()
    rows = csv_rows(staff_driver.signed_in("exporter").get("/staff/ledger/journals.csv").text)
    assert [row["Type"] for row in rows] == ["stripe_fee"] * 2 + ["capture"] * 2
    debits, credits_ = (
        sum(Decimal(row[side] or 0) for row in rows) for side in ("Debit", "Credit")
    )
    assert debits == credits_ == Decimal("11.61")
    assert len(staff_driver.entries("ledger.exported")) == 1


@pytest.mark.alone
def test_a_long_list_of_journals_goes_on(
    driver: PaymentDriver, staff_driver: StaffDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "SHOWN", 1)
    driver.pay()
    viewer = staff_driver.signed_in("viewer")
    (place,) = re.findall(r"before=(\d+)", viewer.get("/staff/ledger/journals").text)
    rest = viewer.get(f"/staff/ledger/journals?before={place}").text
    assert ("Capture" in rest, "Older →" in rest) == (True, False)


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-13-01", "to=9999-12-31", "day=1"])
def test_an_odd_period_is_refused(staff_driver: StaffDriver, query: str) -> None:
    viewer = staff_driver.signed_in("viewer")
    for page in ("ledger", "ledger/journals"):
        assert viewer.get(f"/staff/{page}?{query}").status_code == 422


def test_only_who_may_export_takes_the_journals_away(staff_driver: StaffDriver) -> None:
    assert staff_driver.signed_in("viewer").get("/staff/ledger/journals.csv").status_code == 403
