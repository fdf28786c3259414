"""One odd row never takes a page down: its cell is marked, and the others stand."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.reconcile.models import Finding
from payments_app.staff.detail import MARK
from payments_app.staff.payments.paging import read_page
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.csv_rows import csv_rows
from tests.staff.odd_rows import EAST, FIRST, LAST, ROWS, WEST
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


@pytest.fixture(params=[EAST, WEST])
def admin(staff_driver: StaffDriver, request: pytest.FixtureRequest) -> Browser:
    browser = staff_driver.signed_in("admin")
    browser.client.set_cookie("staff_zone", request.param, path="/staff")
    return browser


@pytest.fixture
def shop(stored_payments: StoredPayments) -> tuple[str, list[str]]:
    """The odd payments of one customer, between two that are as they should be."""
    before = stored_payments.payment(email="ada@example.com")
    odd = [
        stored_payments.payment(phase, **{"email": "ada@example.com", **values})
        for phase, values in ROWS
    ]
    stored_payments.payment(email="ada@example.com")
    return before, odd


def all_of(browser: Browser, path: str) -> str:
    """A list with all of its pages."""
    seen, text = set(), ""
    while path and path not in seen:
        seen.add(path)
        answer = browser.get(path)
        assert answer.status_code == 200, path
        text += answer.text
        older = answer.text.partition('rel="next"')[2].partition('href="')[2].partition('"')[0]
        path = older.replace("&amp;", "&")
    return text


def test_the_list_shows_every_one_of_them(
    admin: Browser, stored_payments: StoredPayments, shop: tuple[str, list[str]]
) -> None:
    page = all_of(admin, "/staff/payments")
    good, odd = shop
    assert [id_ for id_ in (good, *odd) if reference(id_) not in page] == []
    assert MARK in page


def test_the_customer_s_page_shows_them(
    admin: Browser, stored_payments: StoredPayments, shop: tuple[str, list[str]]
) -> None:
    answer = admin.get(f"/staff/customers/{stored_payments.customer_id()}")
    assert answer.status_code == 200
    assert MARK in answer.text


def test_the_file_has_a_line_for_each(
    admin: Browser, stored_payments: StoredPayments, shop: tuple[str, list[str]]
) -> None:
    answer = admin.get("/staff/payments.csv")
    rows = {row["Id"]: row for row in csv_rows(answer.text)}
    good, odd = shop
    assert rows.keys() >= {good, *odd}
    assert rows[good]["Amount"] == "10.99"
    assert any(MARK in row["Error Details"] for row in rows.values())


def test_each_has_a_page_of_its_own(
    admin: Browser, stored_payments: StoredPayments, shop: tuple[str, list[str]]
) -> None:
    broken = {}
    for id_, row in zip(shop[1], ROWS, strict=True):
        status = admin.get(f"/staff/payments/{id_}").status_code
        if status != 200:
            broken[repr(row)] = status
    assert broken == {}


@pytest.mark.parametrize(
    "path",
    [
        "/staff",
        "/staff/reports",
        "/staff/reports?days=365&currency=xyz",
        "/staff/payments?q=ada@example.com",
        "/staff/payments?status=failed",
        "/staff/double-payments",
        "/api/v1/reports/sales_summary",
    ],
)
def test_what_sums_or_finds_them_stands(
    admin: Browser, shop: tuple[str, list[str]], path: str
) -> None:
    assert admin.get(path).status_code == 200


def test_buyers_read_what_became_of_them(
    stored_payments: StoredPayments, shop: tuple[str, list[str]]
) -> None:
    client, broken = stored_payments.app.test_client(), {}
    for id_, row in zip(shop[1], ROWS, strict=True):
        for path in (f"/transactions/{id_}", f"/thankyou?transaction={id_}"):
            for accept in ("application/json", "text/html"):
                status = client.get(path, headers={"Accept": accept}).status_code
                if status >= 400:
                    broken[repr(row)] = status
    assert broken == {}


def test_reports_count_what_began_at_the_ends_of_the_calendar(
    stored_payments: StoredPayments,
) -> None:
    from payments_app.staff.reports.rollups import aggregate_all, counts

    with stored_payments.app.app_context():
        for name in (EAST, WEST):
            aggregate_all(ZoneInfo(name))
            stored_payments.payment(created_at=FIRST)
            stored_payments.payment(created_at=LAST)
            found = counts(db.session(), dt.date.min, dt.date.max, ZoneInfo(name))
            assert sum(count.count for count in found) == (2 if name == EAST else 4)
            db.session.commit()


@pytest.mark.alone
def test_pages_walk_over_the_ends_of_the_calendar(stored_payments: StoredPayments) -> None:
    made = [stored_payments.payment(created_at=at) for at in (FIRST, FIRST, utcnow(), LAST, LAST)]
    with stored_payments.app.app_context():
        seen: list[str] = []
        before = None
        for _ in made:
            page = read_page(db.session(), [], before=before, size=1)
            seen += [id_ for id_, _ in page.keys]
            before = page.older
        assert before is None
        after = read_page(db.session(), [], after=read_page(db.session(), [], size=1).newer)
        assert after.keys
    assert sorted(seen) == sorted(made)


def test_an_odd_row_is_told_once_and_counted(
    staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    for _ in range(2):
        stored_payments.payment("failed", error="odd")
    stored_payments.payment()
    browser = staff_driver.signed_in("viewer")
    for _ in range(3):
        browser.get("/staff/payments")
    with stored_payments.app.app_context():
        (alert,) = db.session.scalars(select(Alert))
        assert (alert.kind, alert.times) == ("odd_payment", 2)
        assert "reason" in alert.message


def test_ordinary_rows_raise_no_alert(
    staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    for phase in ("complete", "canceled", "created", "unknown"):
        stored_payments.payment(phase)
    stored_payments.decline()
    staff_driver.signed_in("viewer").get("/staff/payments")
    with stored_payments.app.app_context():
        assert db.session.scalars(select(Alert)).all() == []


@pytest.fixture
def history(stored_payments: StoredPayments) -> str:
    @atomic
    def write(session: Session, transaction_id: str) -> None:
        for data in (["a"], "text", 7, {"text": ["a"]}, {"object": [{"a": {}}]}):
            session.add(
                HistoryEntry(
                    kind="note", what="", actor="x", transaction_id=transaction_id, data=data
                )
            )

    id_ = stored_payments.payment()
    with stored_payments.app.app_context():
        write(id_)
    return id_


def test_a_timeline_with_odd_entries_is_shown(admin: Browser, history: str) -> None:
    assert admin.get(f"/staff/payments/{history}").status_code == 200
    assert admin.get("/staff/audit").status_code == 200


def test_differences_that_this_release_does_not_know_are_shown(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    @atomic
    def find(session: Session) -> None:
        for number, details in enumerate(
            (
                {},
                ["a"],
                "text",
                {"amount": "many", "currency": "usd"},
                {"amount": 5},
                {"amount": 1.5},
            )
        ):
            session.add(
                Finding(
                    kind="split_payment",
                    subject=f"s-{number}",
                    severity="warning",
                    fix="join",
                    about_at=FIRST if number % 2 else LAST,
                    details=details,
                )
            )

    with stored_payments.app.app_context():
        find()
    page = admin.get("/staff/reconciliation")
    assert page.status_code == 200
    assert page.text.count("Split payment") == 6
