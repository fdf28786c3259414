"""The statement, on a page and as a file."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from parts.settings import SHOP_NAME
from payments_app.core.db.session import atomic
from payments_app.payments.refunds.request import request_refund
from payments_app.settlement import statement, views
from payments_app.settlement.models import Batch
from tests.accounts.staff_driver import StaffDriver
from tests.csv_rows import csv_rows
from tests.payments.driver import PaymentDriver
from tests.refunds.marketplace import pay_by_destination_charge
from tests.settlement.books import batches, end_days, move_shop

pytestmark = pytest.mark.portable


def test_the_file_has_a_row_for_each_line_that_sums_to_the_total(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    transaction = driver.pay()
    request_refund(transaction, 500, reason="scratched", actor="staff@example.com")
    driver.work()
    driver.work_all_waiting()
    end_days()
    driver.work_all_waiting()
    (batch,) = batches()
    answer = staff_driver.signed_in("exporter").get(f"/staff/settlements/{batch.id}.csv")
    assert answer.status_code == 200, answer.text
    rows = csv_rows(answer.text)
    assert [row["Kind"] for row in rows] == ["capture", "refund"]
    assert [row["Net"] for row in rows] == ["10.37", "-5.00"]
    assert sum(Decimal(row["Net"]) for row in rows) == Decimal("5.37")
    assert batch.total == 537


def test_a_batch_of_a_time_zone_that_is_none_is_shown(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay()
    (batch,) = batches()
    change_zone(batch.id)
    exporter = staff_driver.signed_in("exporter")
    for ending in ("", ".csv"):
        assert exporter.get(f"/staff/settlements/{batch.id}{ending}").status_code == 200


@atomic
def change_zone(session: Session, batch_id: str) -> None:
    session.get_one(Batch, batch_id).timezone = "Mars/Olympus"


def test_each_row_is_gross_less_fees(driver: PaymentDriver, staff_driver: StaffDriver) -> None:
    driver.pay()
    answer = staff_driver.signed_in("exporter").get(f"/staff/settlements/{batches()[0].id}.csv")
    (row,) = csv_rows(answer.text)
    columns = [row[name] for name in ("Gross", "Stripe fee", "Platform fee", "Net")]
    assert columns == ["10.99", "-0.62", "0.00", "10.37"]


def test_a_description_is_no_formula_in_a_spreadsheet(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay(description='=HYPERLINK("http://example.com")')
    answer = staff_driver.signed_in("exporter").get(f"/staff/settlements/{batches()[0].id}.csv")
    (row,) = csv_rows(answer.text)
    assert row["Description"].startswith("'=")


def test_times_are_in_the_named_zone(driver: PaymentDriver, staff_driver: StaffDriver) -> None:
    move_shop("Asia/Kathmandu", 0)
    driver.pay()
    answer = staff_driver.signed_in("exporter").get(f"/staff/settlements/{batches()[0].id}.csv")
    (row,) = csv_rows(answer.text)
    assert row["Time (Asia/Kathmandu)"].endswith("+05:45")


def test_a_download_is_noted_with_who_took_it(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay()
    staff_driver.signed_in("exporter").get(f"/staff/settlements/{batches()[0].id}.csv")
    (entry,) = staff_driver.entries("settlement.downloaded")
    assert entry.subject == batches()[0].id


def test_only_who_may_export_downloads(driver: PaymentDriver, staff_driver: StaffDriver) -> None:
    driver.pay()
    answer = staff_driver.signed_in("viewer").get(f"/staff/settlements/{batches()[0].id}.csv")
    assert answer.status_code == 403


def test_a_viewer_reads_the_statement_and_finds_it_in_the_list(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay()
    browser, address = staff_driver.signed_in("viewer"), f"/staff/settlements/{batches()[0].id}"
    assert address in browser.get("/staff/settlements").text
    page = browser.get(address).text
    assert "$10.99" in page
    assert ">Open<" in page


def test_an_unknown_batch_is_not_found(driver: PaymentDriver, staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in("exporter")
    assert browser.get("/staff/settlements/stl_none").status_code == 404
    assert browser.get("/staff/settlements/stl_none.csv").status_code == 404


def test_no_two_columns_have_one_name_where_the_merchant_is_in_utc(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    move_shop("UTC", 0)
    driver.pay()
    answer = staff_driver.signed_in("exporter").get(f"/staff/settlements/{batches()[0].id}.csv")
    (row,) = csv_rows(answer.text)
    assert [name for name in row if name.startswith("Time")] == ["Time (UTC)"]


def test_the_list_names_the_merchant_and_what_each_comes_to(
    driver: PaymentDriver, staff_driver: StaffDriver
) -> None:
    driver.pay()
    pay_by_destination_charge(driver)
    page = staff_driver.signed_in("viewer").get("/staff/settlements").text
    for words in ("Juniper", SHOP_NAME, "$10.37", "so far"):
        assert words in page


def test_a_long_list_goes_on(
    driver: PaymentDriver, staff_driver: StaffDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (statement, views):
        monkeypatch.setattr(module, "LISTED", 1)
    driver.pay()
    driver.pay(order=driver.create_order(1800, "jpy"))
    viewer = staff_driver.signed_in("viewer")
    found = sorted(batches(), key=lambda batch: (batch.business_day, batch.id), reverse=True)
    assert f"before={found[0].id}" in viewer.get("/staff/settlements").text
    rest = viewer.get(f"/staff/settlements?before={found[0].id}").text
    assert [f"/staff/settlements/{batch.id}" in rest for batch in found] == [False, True]
    assert "Older →" not in rest
