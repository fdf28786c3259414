"""The CSV: the same rows as the list, and nothing that a spreadsheet would run."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.payments.disputes.refresh import refresh
from payments_app.staff.payments import export
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.csv_rows import csv_rows
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


@pytest.fixture
def exporter(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("exporter")


def rows_of(browser: Browser, query: str = "") -> list[dict[str, str]]:
    answer = browser.get(f"/staff/payments.csv{query}")
    assert answer.mimetype == "text/csv"
    return csv_rows(answer.text)


def test_the_file_has_the_rows_of_the_filter_in_their_order(
    exporter: Browser, stored_payments: StoredPayments
) -> None:
    ids = stored_payments.many(3, currency="eur")
    stored_payments.payment()
    rows = rows_of(exporter, "?currency=eur")
    assert [row["Id"] for row in rows] == ids
    assert [row["Reference"] for row in rows] == [reference(id_) for id_ in ids]


@pytest.mark.alone
def test_batches_lose_and_repeat_nothing(
    exporter: Browser, stored_payments: StoredPayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_BATCH", 4)
    ids = stored_payments.many(11)
    assert [row["Id"] for row in rows_of(exporter)] == ids


def test_the_header_names_the_time_zone(exporter: Browser) -> None:
    exporter.client.set_cookie("staff_zone", "Europe/Zurich", path="/staff")
    assert "Date (Europe/Zurich)" in exporter.get("/staff/payments.csv").text


@pytest.mark.alone
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_is_never_a_formula(
    exporter: Browser, stored_payments: StoredPayments, start: str
) -> None:
    stored_payments.payment(description=f'{start}HYPERLINK("https://evil.example")')
    (row,) = rows_of(exporter)
    assert row["Description"].startswith("'")


@pytest.mark.alone
def test_an_amount_is_exact_in_its_currency(
    exporter: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(amount=1800, currency="jpy")
    stored_payments.payment(amount=1005)
    assert {row["Amount"] for row in rows_of(exporter)} == {"1800", "10.05"}


def test_an_export_is_in_the_history_with_its_filters(
    exporter: Browser, staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    rows_of(exporter, "?status=failed")
    (entry,) = staff_driver.entries("staff.exported")
    assert entry.data == {"filters": {"status": "failed"}, "zone": "UTC"}


def test_a_viewer_may_not_export(viewer: Browser, staff_driver: StaffDriver) -> None:
    assert viewer.get("/staff/payments.csv").status_code == 403
    assert staff_driver.entries("staff.exported") == []


def test_an_export_asks_for_the_password_first(
    exporter: Browser, staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    staff_driver.do(_let_confirmation_pass)
    answer = exporter.get("/staff/payments.csv?status=failed")
    assert answer.status_code == 303
    assert answer.location.startswith("/staff/confirm?next=")
    assert staff_driver.entries("staff.exported") == []


@atomic
def _let_confirmation_pass(session: Session) -> None:
    session.execute(
        update(StaffSession).where(own(StaffSession)).values(confirmed_at=database_now(-601))
    )


def test_no_two_columns_have_one_name_where_the_reader_is_in_utc(exporter: Browser) -> None:
    exporter.client.set_cookie("staff_zone", "UTC", path="/staff")
    assert exporter.get("/staff/payments.csv").text.count("Date (UTC)") == 1


def test_a_spreadsheet_knows_that_it_is_utf_8(exporter: Browser) -> None:
    answer = exporter.get("/staff/payments.csv")
    assert answer.data.startswith(b"\xef\xbb\xbfReference,")


@pytest.mark.alone
def test_it_says_what_was_refunded_disputed_and_taken_and_what_is_left(
    app: Flask, exporter: Browser
) -> None:
    with app.app_context():
        driver = PaymentDriver(app)
        plain, disputed = driver.pay(), driver.pay("pm_card_createDispute")
        give_back(driver, plain, 300)
        refresh(driver.read(disputed).stripe_payment_id or "", claim("x"))
        driver.pay("pm_card_visa_chargeDeclined")
        driver.work()
    rows = {row["Id"]: row for row in rows_of(exporter)}
    failed = next(row for id_, row in rows.items() if id_ not in {plain, disputed})
    names = ("Amount", "Refunded", "Disputed", "Stripe Fee", "Stripe Fee Currency", "Net")
    assert [rows[plain][name] for name in names] == [
        *("10.99", "3.00", "0.00", "0.62", "USD", "7.37")
    ]
    assert [rows[disputed][name] for name in names] == [
        *("10.99", "0.00", "10.99", "15.62", "USD", "-15.62")
    ]
    assert [failed[name] for name in names[1:]] == [""] * 5
