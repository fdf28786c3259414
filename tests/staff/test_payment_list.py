"""The payments list: filters, chips, pages both ways."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import reference
from payments_app.core.db.session import atomic
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.csv_rows import csv_rows
from tests.languages.pseudo import texts_of
from tests.staff.stored_payments import StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def shown(browser: Browser, address: str) -> list[str]:
    """The references in the list, in order."""
    answer = browser.get(address)
    assert answer.status_code == 200
    return re.findall(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>", answer.text)


def link(browser: Browser, address: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}"\s+href="([^"]+)"', browser.get(address).text)
    return found[1].replace("&amp;", "&") if found else None


@pytest.mark.alone
def test_the_newest_payment_comes_first(viewer: Browser, stored_payments: StoredPayments) -> None:
    ids = stored_payments.many(3)
    assert shown(viewer, "/staff/payments") == [reference(id_) for id_ in ids]


@pytest.mark.alone
def test_pages_lead_to_the_end_and_back(viewer: Browser, stored_payments: StoredPayments) -> None:
    ids = [reference(id_) for id_ in stored_payments.many(120)]
    second = link(viewer, "/staff/payments", "next") or ""
    third = link(viewer, second, "next") or ""
    assert [shown(viewer, a) for a in (second, third)] == [ids[50:100], ids[100:]]
    assert link(viewer, third, "next") is None
    back = link(viewer, third, "prev") or ""
    assert shown(viewer, back) == ids[50:100]
    first = link(viewer, back, "prev") or ""
    assert shown(viewer, first) == ids[:50]
    assert link(viewer, first, "prev") is None


@pytest.mark.alone
def test_payments_of_one_moment_are_not_lost_between_pages(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    now = utcnow()
    ids = {reference(stored_payments.payment(created_at=now)) for _ in range(60)}
    second = link(viewer, "/staff/payments", "next") or ""
    assert set(shown(viewer, "/staff/payments")) | set(shown(viewer, second)) == ids


@pytest.mark.alone
def test_filters_narrow_the_list(viewer: Browser, stored_payments: StoredPayments) -> None:
    paid, failed = stored_payments.payment(amount=5000), stored_payments.decline()
    waiting = stored_payments.payment("requires_action", currency="eur")
    old = stored_payments.payment("unknown", created_at=utcnow() - dt.timedelta(hours=1))
    wanted = {
        "status=complete": [paid],
        "status=failed": [failed],
        "status=pending": [waiting, old],
        "status=requires_action": [waiting],
        "status=stuck": [old],
        "reason=insufficient_funds": [failed],
        "currency=eur": [waiting],
        "least=49.99&most=50": [paid],
        "email=nobody@example.com": [],
    }
    found = {query: shown(viewer, f"/staff/payments?{query}") for query in wanted}
    assert found == {query: [reference(i) for i in ids] for query, ids in wanted.items()}


@pytest.mark.alone
def test_an_amount_filter_means_what_the_list_shows(
    viewer: Browser, staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    """Also where a part was captured, and between two amounts of a currency."""
    below, above = stored_payments.payment(amount=1099), stored_payments.payment(amount=1100)
    ten, eleven = (stored_payments.payment(amount=n, currency="jpy") for n in (10, 11))
    part = stored_payments.payment(amount=2400, amount_received=500)
    failed = stored_payments.decline(amount=2400)
    wanted = {
        "least=10.999": {above, eleven, failed},
        "most=10.999": {below, ten, part},
        "least=20": {failed},
        "most=6": {part},
        "least=5&most=5": {part},
        "least=24&most=24": {failed},
    }
    exporter = staff_driver.signed_in("exporter")
    for query, ids in wanted.items():
        assert set(shown(viewer, f"/staff/payments?{query}")) == set(map(reference, ids)), query
        file = csv_rows(exporter.get(f"/staff/payments.csv?{query}").text)
        assert {row["Id"] for row in file} == ids, query


def test_a_day_is_the_reader_s_own(viewer: Browser, stored_payments: StoredPayments) -> None:
    late = stored_payments.payment(created_at=dt.datetime(2026, 3, 1, 3, 0, tzinfo=dt.UTC))
    address = "/staff/payments?from=2026-02-28&to=2026-02-28"
    assert shown(viewer, address) == []
    viewer.client.set_cookie("staff_zone", "America/New_York", path="/staff")
    assert shown(viewer, address) == [reference(late)]


def test_the_dates_are_in_the_reader_s_zone(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(created_at=dt.datetime(2026, 3, 1, 3, 0, tzinfo=dt.UTC))
    viewer.client.set_cookie("staff_zone", "America/New_York", path="/staff")
    page = viewer.get("/staff/payments").text
    assert 'title="02/28/2026 10:00 PM EST (2026-03-01 03:00:00 UTC)">02/28/2026</time>' in page


@pytest.mark.parametrize("zone", ["../etc/passwd", "Nowhere/Land", "\x00", "a" * 500])
def test_an_odd_zone_falls_back_to_the_business_s(
    viewer: Browser, stored_payments: StoredPayments, zone: str
) -> None:
    stored_payments.payment()
    viewer.client.set_cookie("staff_zone", zone, path="/staff")
    assert re.search(r'title="[^"]* UTC \([^"]* UTC\)"', viewer.get("/staff/payments").text)


def test_each_active_filter_is_a_chip_that_removes_it(viewer: Browser) -> None:
    page = viewer.get("/staff/payments?status=failed&currency=usd").text
    assert 'href="/staff/payments?currency=usd"' in page
    assert "Status: Failed" in page


@pytest.mark.alone
def test_an_empty_list_names_its_filters_and_clears_them(viewer: Browser) -> None:
    page = viewer.get("/staff/payments?status=failed&currency=usd").text
    assert "No payment matches Status: Failed, Currency: USD." in page
    assert '<a href="/staff/payments">Clear the filters</a>' in page


def test_a_filter_that_can_not_be_read_is_said(viewer: Browser) -> None:
    page = viewer.get("/staff/payments?least=cheap&from=soon&status=odd").text
    assert "This must be an amount such as 10.99." in page
    assert "This must be a date." in page
    assert "There is no such status." in page


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("currency", "shells", "Currency: "),
        ("reason", "no money", "Reason: "),
        ("email", "ada", "E-mail: "),
        ("last4", "12", "Card: "),
    ],
)
def test_what_is_no_filter_is_said_and_not_shown_as_one(
    viewer: Browser, name: str, text: str, label: str
) -> None:
    answer = viewer.get("/staff/payments", query_string={name: text})
    assert answer.status_code == 422
    assert label not in answer.text


@pytest.mark.parametrize("text", ["'; DROP TABLE pay_transactions; --", "%00", "9" * 400])
def test_odd_filters_break_nothing(viewer: Browser, text: str) -> None:
    names = ("q", "status", "reason", "email", "last4", "currency", "least", "from")
    query = dict.fromkeys(names, text)
    for name in names:
        answer = viewer.get("/staff/payments", query_string={name: query[name]})
        assert answer.status_code in {200, 422}


@pytest.mark.parametrize("address", ["?q=%00", "?before=1.%00", "?reason=%00"])
def test_a_nul_is_refused(viewer: Browser, address: str) -> None:
    assert viewer.get(f"/staff/payments{address}").status_code == 400


def test_a_page_takes_a_bounded_number_of_queries(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    """Beside what every page's banner and navigation count, once in a few seconds."""
    stored_payments.many(60)
    viewer.get("/staff/incident")
    viewer.get("/staff")
    with stored_payments.statements() as sent:
        viewer.get("/staff/payments")
    assert len([s for s in sent if s.startswith("SELECT")]) <= 7
    assert [s for s in sent if "count(" in s and "FROM transactions" in s] == []  # no total


def test_what_others_wrote_is_never_run(viewer: Browser, stored_payments: StoredPayments) -> None:
    evil = '<script>alert("x")</script>'
    error = {"type": "card_error", "code": "x", "message": evil, "decline_code": evil}
    id_ = stored_payments.decline(error=error, description=evil, email=f"{evil}@example.com")
    for address in (
        "/staff",
        "/staff/payments",
        f"/staff/payments/{id_}",
        f"/staff/customers/{stored_payments.customer_id(f'{evil}@example.com')}",
        f"/staff/payments?q={evil}",
    ):
        assert "<script>alert" not in viewer.get(address).text


@atomic
def _refund(session: Session, id_: str) -> None:
    row = Refund(transaction_id=id_, state="succeeded", amount=100, currency="usd")
    row.reason, row.requested_by = "Sent back", "ada"
    session.add(row)


@pytest.mark.alone
def test_the_presets_lead_to_what_they_say(
    app: Flask, viewer: Browser, stored_payments: StoredPayments
) -> None:
    paid, failed = stored_payments.payment(), stored_payments.decline()
    old = {"created_at": utcnow() - dt.timedelta(days=3)}
    stored_payments.decline(**old)
    stuck, refunded = stored_payments.payment("unknown", **old), stored_payments.payment(**old)
    with app.app_context():
        _refund(refunded)
    presets = re.search(
        r'aria-label="Views">(.*?)</ul>', viewer.get("/staff/payments").text, re.DOTALL
    )
    assert presets
    leads = {
        name: shown(viewer, address.replace("&amp;", "&"))
        for address, name in re.findall(r'href="([^"]+)"[^>]*>([^<]+)<', presets[1])
    }
    assert {name: leads[name] for name in ("Failed today", "Stuck pending", "Refunded")} == {
        "Failed today": [reference(failed)],
        "Stuck pending": [reference(stuck)],
        "Refunded": [reference(refunded)],
    }
    assert leads["Successful today"] == [reference(paid)]
    for status, chip, words in (
        ("stuck", "Status: Stuck pending", "Checking with Stripe"),
        ("refunded", "Status: Refunded", "Partly refunded"),
    ):
        page = viewer.get(f"/staff/payments?status={status}").text
        assert chip in page
        assert words in page.partition("<tbody>")[2]


def test_a_line_of_the_list_says_it_all(viewer: Browser, stored_payments: StoredPayments) -> None:
    stored_payments.payment(email="bob@example.com")
    id_ = stored_payments.decline(
        card_brand="mastercard",
        card_last4="4444",
        amount=1250,
        created_at=dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC),
    )
    page = viewer.get("/staff/payments?status=failed&email=ada@example.com").text
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page)
    cells = dict(re.findall(r'<td data-label="(\w+)"[^>]*>(.*?)</td>', page, re.DOTALL))
    read = {name: " ".join(texts_of(cell)) for name, cell in cells.items()}
    assert [*read] == heads
    assert read.pop("Date")
    assert reference(id_) in cells["Reference"]
    assert 'datetime="2026-02-03T12:00:00' in cells["Date"]
    assert read.pop("Reason").startswith("Insufficient funds The customer read")
    assert read == {
        "Amount": "$12.50",
        "Status": "✕ Failed",
        "Customer": "ada@example.com",
        "Card": "Mastercard •••• 4444",
        "Reference": "",  # what is code is no text
    }
