"""What can't be read in an address is said by field, and never shows or exports more than asked."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from payments_app.core.db.ids import reference
from payments_app.staff.payments.saved_filters import save_filter
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.route_walk import lists_that_ignore
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
JSON = {"Accept": "application/json"}
LIST, EXPORT = "/staff/payments", "/staff/payments.csv"
UNREADABLE = {
    "from": "from=xx",
    "to": "to=2026-02-30&status=failed",
    "least": "least=cheap",
    "most": "most=1,50",
    "currency": "currency=dollars",
    "status": "status=odd",
    "reason": "reason=Insufficient funds",
    "email": "email=nobody",
    "last4": "last4=42",
    "no_such": "no_such=1",
    "From": "From=today",
}
AMBIGUOUS = ("most=0,500", "least=00,500", "most=1,500&currency=kwd", "least=1,500&currency=KWD")
SIGNED = ("least=€10", "least=$1,000.50", "most=10 ¥", "most=£5&currency=USD")
TWICE = {
    "status": "status=failed&status=complete",
    "from": "from=today&from=xx",
}


@pytest.fixture
def admin(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("admin")


def as_json(browser: Browser, address: str) -> Any:
    return browser.client.get(address, headers=JSON)


@pytest.mark.parametrize("page", [LIST, EXPORT])
def test_an_unreadable_filter_lists_and_exports_nothing(
    staff_driver: StaffDriver, admin: Browser, stored_payments: StoredPayments, page: str
) -> None:
    shown = reference(stored_payments.payment())
    for field, query in [*UNREADABLE.items(), *TWICE.items()]:
        answer = admin.get(f"{page}?{query}")
        assert answer.status_code == 422, query
        assert answer.mimetype == "text/html"
        assert shown not in answer.text
        answer = as_json(admin, f"{page}?{query}")
        assert answer.status_code == 422
        assert list(answer.json["error"]["fields"]) == [field]
    assert staff_driver.entries("staff.exported") == []


@pytest.mark.parametrize("query", AMBIGUOUS)
def test_an_amount_that_can_be_read_in_two_ways_is_refused(
    admin: Browser, stored_payments: StoredPayments, query: str
) -> None:
    """Half a dollar to one reader is five hundred to the next."""
    shown = reference(stored_payments.payment(amount=50_000))
    assert shown not in admin.get(f"{LIST}?{query}").text
    answer = as_json(admin, f"{EXPORT}?{query}")
    assert answer.status_code == 422
    assert list(answer.json["error"]["fields"]) == [query.partition("=")[0]]


@pytest.mark.parametrize("query", SIGNED)
def test_an_amount_with_a_currencys_sign_is_refused_and_not_read_in_all_currencies(
    admin: Browser, stored_payments: StoredPayments, query: str
) -> None:
    shown = reference(stored_payments.payment(amount=4950))
    text = admin.get(f"{LIST}?{query}").text
    assert shown not in text
    assert "Choose the currency beside it." in text
    assert admin.get(f"{EXPORT}?{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=%1f", "status"), ("currency=%0b", "currency"), ("q=&status=failed&q=1", "q")],
)
def test_neither_a_control_character_nor_a_blank_beside_a_value_is_no_filter(
    admin: Browser, stored_payments: StoredPayments, query: str, field: str
) -> None:
    shown = reference(stored_payments.payment())
    assert shown not in admin.get(f"{LIST}?{query}").text
    assert field in as_json(admin, f"{LIST}?{query}").json["error"]["fields"]


@pytest.mark.parametrize("blank", ["%0b", "%1f", "%C2%A0", "%E2%80%83"])
@pytest.mark.parametrize(
    ("page", "name"),
    [
        (LIST, "q"),
        (LIST, "before"),
        ("/staff/reports", "days"),
        ("/staff/reports", "currency"),
        ("/staff/audit", "before"),
        ("/staff/queues", "dead"),
        ("/staff/disputes", "before"),
        ("/staff/alerts", "acknowledged"),
    ],
)
def test_what_only_looks_blank_is_no_missing_parameter(
    admin: Browser, page: str, name: str, blank: str
) -> None:
    assert admin.get(f"{page}?{name}=%20").status_code == 200
    answer = as_json(admin, f"{page}?{name}={blank}")
    assert answer.status_code == 422
    assert list(answer.json["error"]["fields"]) == [name]


def test_a_search_is_no_filter_of_the_export(
    staff_driver: StaffDriver, admin: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(amount=4950)
    for q in ("49.50", "nonsense"):
        assert admin.get(f"{EXPORT}?q={q}").status_code == 422
        assert "q" in as_json(admin, f"{EXPORT}?q={q}").json["error"]["fields"]
    for name in ("before", "after"):
        assert admin.get(f"{EXPORT}?{name}=1.txn_1").status_code == 422
    assert staff_driver.entries("staff.exported") == []


def test_every_readable_filter_still_exports(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment()
    query = "from=2020-01-01&to=today&least=1,000.50&currency=USD&status=&reason=card_declined"
    for page in (LIST, EXPORT):
        assert admin.get(f"{page}?{query}").status_code == 200


def test_the_page_marks_the_field_and_keeps_the_others(admin: Browser) -> None:
    for page in (LIST, EXPORT):
        text = admin.get(f"{page}?from=xx&to=2026-11-22&least=10.99&status=failed").text
        for words in (
            '<input id="from" name="from" type="text" value="xx" aria-invalid="true"',
            'name="to" type="date" value="2026-11-22"',
            "This must be a date.",
            '<option value="failed" selected>',
        ):
            assert words in " ".join(text.split()).replace(" >", ">"), words


def test_a_search_that_is_understood_lists_and_another_is_refused(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    shown = reference(stored_payments.payment(amount=4950))
    assert shown in admin.get(f"{LIST}?q=49.50").text
    assert admin.get(f"{LIST}?q=51.00").status_code == 200
    assert shown not in admin.get(f"{LIST}?q=nonsense").text
    for q in ("?!", "x" * 300, "\u200b"):
        answer = admin.get(LIST, query_string={"q": q})
        assert answer.status_code == 422
        assert shown not in answer.text
        answer = admin.client.get(LIST, query_string={"q": q}, headers=JSON)
        assert list(answer.json["error"]["fields"]) == ["q"]


def test_a_search_beside_filters_is_refused(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    shown = reference(stored_payments.payment(amount=4950))
    answer = admin.get(f"{LIST}?q=49.50&status=failed")
    assert answer.status_code == 422
    assert shown not in answer.text


@pytest.mark.parametrize(
    "cursor", ["x", "1.", ".x", "9" * 19 + ".txn_1", "-.txn", "\u0663.x", "1e5.txn"]
)
@pytest.mark.parametrize("name", ["before", "after"])
def test_a_broken_cursor_shows_no_page(
    viewer: Browser, stored_payments: StoredPayments, name: str, cursor: str
) -> None:
    shown = reference(stored_payments.payment())
    answer = viewer.get(f"{LIST}?status=complete&{name}={cursor}")
    assert answer.status_code == 422
    assert shown not in answer.text
    assert "Status: Paid" in answer.text
    assert name in as_json(viewer, f"{LIST}?{name}={cursor}").json["error"]["fields"]


@pytest.mark.parametrize("query", ["", "q=10.99&"])
def test_no_cursor_is_dropped(viewer: Browser, stored_payments: StoredPayments, query: str) -> None:
    id_ = stored_payments.payment()
    cursors = {"before": f"4102444800000000.{id_}", "after": f"1.{id_}"}
    for names in (("before", "after"), *((("before",), ("after",)) if query else ())):
        address = f"{LIST}?{query}" + "&".join(f"{name}={cursors[name]}" for name in names)
        assert viewer.get(address).status_code == 422, address
        assert reference(id_) not in viewer.get(address).text
        assert names[0] in as_json(viewer, address).json["error"]["fields"]


def test_unreadable_filters_are_not_kept(admin: Browser) -> None:
    answer = admin.post("/staff/filters", name="Odd", **{"from": "xx", "status": "failed"})
    assert answer.status_code == 422
    assert "This must be a date." in answer.text
    assert "Odd</a>" not in admin.get(LIST).text


def test_a_kept_filter_that_is_no_longer_read_says_so(
    staff_driver: StaffDriver, admin: Browser
) -> None:
    (created, *_) = staff_driver.entries("staff.created")
    staff_driver.do(save_filter, created.subject, "Old", {"status": "gone"})
    assert "Old</a>" in admin.get(LIST).text
    assert admin.get(f"{LIST}?status=gone").status_code == 422


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/staff/audit?before=xx", "before"),
        ("/staff/audit?before=-1", "before"),
        ("/staff/queues?dead=xx", "dead"),
        ("/staff/disputes?before=dsp_gone", "before"),
        ("/staff/alerts?acknowledged=yes", "acknowledged"),
        ("/staff/reports?days=8", "days"),
        ("/staff/reports?days=30&currency=dollars", "currency"),
        ("/api/v1/reports/sales_summary?from=xx", "from"),
    ],
)
def test_every_other_list_names_what_it_can_not_read(
    admin: Browser, address: str, field: str
) -> None:
    assert admin.get(address).status_code == 422
    answer = as_json(admin, address)
    assert answer.status_code == 422
    assert list(answer.json["error"]["fields"]) == [field]


def test_the_way_out_keeps_what_could_be_read(admin: Browser) -> None:
    text = admin.get("/staff/reports?days=7&currency=dollars").text
    assert 'href="/staff/reports?days=7"' in text


def test_a_report_of_a_currency_without_payments_is_empty(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment()
    answer = admin.get("/staff/reports?days=7&currency=eur")
    assert answer.status_code == 200
    assert "$10.99" not in answer.text


def test_no_list_ignores_what_it_does_not_know(admin: Browser, app: Flask) -> None:
    """Every page that staff open without an id."""
    forms = {"accounts.confirm", "accounts.password"}
    assert lists_that_ignore(app, "staff", admin, forms) == []
