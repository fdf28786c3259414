"""Whoever acts on a row of a list comes back to where they were: same filters, page and row."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from flask import Flask, url_for

from payments_app.core.db.session import atomic
from payments_app.payments.disputes.models import Dispute
from payments_app.staff.place import row_url
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_disputes import _dispute
from tests.staff.test_reconciliation import _found

BACK = re.compile(r'<p class="crumb">\s*<a href="([^"]+)">\u2190 Back to where you were')


def way_back(page: str) -> str | None:
    found = BACK.search(page)
    return html.unescape(found[1]) if found else None


def link(page: str, path: str) -> str:
    """The address on a page that leads to this path."""
    found = re.search(rf'(?:href|action)="({re.escape(path)}(?:\?[^"#]*)?)[#"]', page)
    assert found, path
    return html.unescape(found[1])


@pytest.fixture
def admin(app: Flask) -> Browser:
    return StaffDriver(app).signed_in("admin")


def test_a_payment_that_was_retried_leads_back_to_its_row_of_the_filtered_list(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    order = stored_payments.order()
    id_, other = stored_payments.decline(order_id=order.id), stored_payments.decline(amount=500)
    listed = admin.get("/staff/payments?status=failed").text
    assert f'id="{id_}"' in listed
    wanted = f"/staff/payments?status=failed#{id_}"
    shown = admin.get(link(listed, f"/staff/payments/{id_}")).text
    assert way_back(shown) == wanted
    noted = admin.post(
        link(shown, f"/staff/payments/{id_}/notes"),
        link(listed, f"/staff/payments/{id_}"),
        text="x",
    )
    where = noted.headers["Location"]
    assert where.endswith("#timeline")
    assert way_back(admin.get(where.partition("#")[0]).text) == wanted
    assert way_back(admin.get(f"/staff/payments/{other}").text) is None


def test_a_refund_keeps_the_way_back_through_its_pages(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment(amount=1099)
    listed = admin.get("/staff/payments?status=complete").text
    address = link(listed, f"/staff/payments/{id_}") + "&timeline=700"
    form_at = link(admin.get(address).text, f"/staff/payments/{id_}/refunds")
    assert "timeline=700" in form_at
    form = admin.get(form_at).text
    wanted = f"/staff/payments?status=complete#{id_}"
    assert way_back(form) == wanted
    wish = {"amount": "10.99", "reason": "Broken"}
    path = f"/staff/payments/{id_}/refunds"
    review = admin.post(link(form, path), form_at, **wish).text
    assert way_back(review) == wanted
    reviewed = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', review))
    sent = admin.post(link(review, path), form_at, **reviewed)
    where = sent.headers["Location"]
    assert "timeline=700" in where
    assert way_back(admin.get(where.partition("#")[0]).text) == wanted


def test_a_retry_keeps_the_way_back(admin: Browser, stored_payments: StoredPayments) -> None:
    id_ = stored_payments.decline()
    listed = admin.get("/staff/payments?status=failed").text
    address = link(listed, f"/staff/payments/{id_}")
    form = admin.get(address.replace(id_, f"{id_}/retries", 1))
    assert way_back(form.text) == f"/staff/payments?status=failed#{id_}"
    assert way_back(form.text) in html.unescape(form.text)


def test_a_dispute_leads_back_to_its_row_of_its_list(
    app: Flask, admin: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    with app.app_context():
        _dispute(id_, {})
        dispute = atomic(lambda s: s.query(Dispute).filter_by(transaction_id=id_).one().id)()
    listed = admin.get("/staff/disputes").text
    shown = admin.get(link(listed, f"/staff/disputes/{dispute}")).text
    back = way_back(shown)
    assert back
    assert back.startswith("/staff/disputes#")
    assert f'id="{back.partition("#")[2]}"' in listed


def test_a_fix_leads_back_to_its_finding_on_its_page(
    app: Flask, admin: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    with app.app_context():
        number = _found("missing_ledger_entry", id_)
    page = "/staff/reconciliation?skip=0"
    listed = admin.get(page).text
    form_at = link(listed, f"/staff/reconciliation/{number}/fixes")
    form = admin.get(form_at).text
    wanted = f"{page}#finding-{number}"
    assert way_back(form) == wanted
    sent = admin.post(link(form, f"/staff/reconciliation/{number}/fixes"), form_at)
    assert sent.headers["Location"] == wanted
    assert f'id="finding-{number}"' in admin.get(page).text


def test_an_entry_of_the_audit_leads_back_to_itself(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    admin.post(f"/staff/payments/{id_}/notes", f"/staff/payments/{id_}", text="Called them")
    listed = admin.get("/staff/audit").text
    back = way_back(admin.get(link(listed, f"/staff/payments/{id_}")).text)
    assert back
    assert re.fullmatch(r"/staff/audit#entry-\d+", back)
    assert f'id="{back.partition("#")[2]}"' in listed


def test_a_customer_s_payment_leads_back_to_their_page(
    admin: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    customer = f"/staff/customers/{stored_payments.customer_id()}"
    listed = admin.get(customer).text
    assert way_back(admin.get(link(listed, f"/staff/payments/{id_}")).text) == f"{customer}#{id_}"


@pytest.mark.parametrize(
    "said", ["https://evil.example/staff", "//evil.example/staff", "/account", "/\\evil", "x"]
)
def test_a_way_back_leads_to_staff_s_pages_alone(
    admin: Browser, stored_payments: StoredPayments, said: str
) -> None:
    id_ = stored_payments.payment()
    shown = admin.get(f"/staff/payments/{id_}?back={quote(said)}").text
    assert way_back(shown) is None
    assert "evil" not in shown


@pytest.mark.parametrize("path", ["/staff", "/staff/double-payments"])
def test_work_is_taken_where_it_is_read(
    admin: Browser, stored_payments: StoredPayments, path: str
) -> None:
    stored_payments.payment()
    form = {"key": "none", "said": "take", "back": "home"}
    came = {"Referer": f"http://localhost{path}?x=1", "Accept": "text/html"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', admin.get("/staff/password").text)
    assert token
    sent = admin.client.post("/staff/work", data=form | {"csrf_token": token[1]}, headers=came)
    assert sent.headers["Location"] == f"{path}?x=1#work"


ROWS = ["txn_1", "txn_2", "ROW-OF-A-LIST", "a b", "a/b", "a%b", "\u00e4"]


@pytest.mark.parametrize(
    "page",
    [
        "/staff/payments",
        "/staff/payments?status=failed&q=a+b",
        "/staff/payments?q=ROW-OF-A-LIST",
        "/staff/payments?q=%23ROW-OF-A-LIST",
        "/staff/customers/txn_1",
        "/staff/customers/txn_1?back=/staff/payments",
        "/staff/payments/txn_2?back=/staff/payments%23x",
        "/staff",
    ],
)
def test_each_row_has_the_address_that_it_has_by_itself(app: Flask, page: str) -> None:
    with app.test_request_context(page):
        for endpoint, name in (
            ("staff.payment", "transaction_id"),
            ("staff.customer", "customer_id"),
        ):
            for row in ROWS:
                assert row_url(endpoint, name, row) == url_for(endpoint, **{name: row})
