"""Wherever payments are listed stands the verdict, not the code: what the customer read, what to
tell them, and when another attempt makes sense."""

from __future__ import annotations

import html
import re

import pytest

from payments_app.attention.keep import rebuild
from payments_app.payments.models import Transaction
from tests.accounts.staff_driver import Browser
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
VERDICT = re.compile(r'(?s)<summary>([^<]+)</summary>\s*<dl class="facts">(.*?)</dl>')
STOLEN = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "stolen_card",
    "message": "Your card was reported stolen.",
}


def verdicts(page: str) -> list[tuple[str, list[str]]]:
    """The reason of each, and what stands behind it."""
    found = []
    for reason, inside in VERDICT.findall(page):
        said = re.findall(r"(?s)<dd>\s*(.*?)\s*</dd>", inside)
        found.append((reason, [html.unescape(each) for each in said]))
    return found


@pytest.fixture
def pages(stored_payments: StoredPayments) -> list[str]:
    """Of a card without funds and of a stolen one, beside a payment that went through."""
    stored_payments.payment()
    order = stored_payments.order()
    stored_payments.decline(order_id=order.id)
    stored_payments.decline(error=STOLEN)
    customer = stored_payments.customer_id()
    lists = ["/staff", "/staff/payments", "/staff/payments?q=ada@example.com"]
    return [*lists, f"/staff/customers/{customer}"]


def test_every_list_says_what_the_customer_read_and_what_to_do(
    support: Browser, pages: list[str]
) -> None:
    for path in pages:
        page = support.get(path).text
        found = dict(verdicts(page))
        assert {"Insufficient funds", "Stolen card"} <= set(found), path
        read, tell, again = found["Insufficient funds"]
        assert read.startswith("\u201c")
        assert tell.endswith("Nothing was charged.\u201d")
        assert again == "Any time"
        assert found["Stolen card"][2] == "This payment must not be retried."
        assert "stolen" not in "".join(found["Stolen card"][:2]).lower(), path
        assert "reported stolen" not in page
        choices = re.compile(r"<option[^>]*>")  # of the filter, which are codes
        assert "insufficient_funds" not in choices.sub("", page)


def test_two_tables_of_a_page_have_no_id_twice(support: Browser, pages: list[str]) -> None:
    for path in (*pages, "/staff/payments?q=4242"):
        ids = re.findall(r'\sid="([^"]+)"', support.get(path).text)
        assert sorted(ids) == sorted(set(ids)), path


def test_what_was_paid_after_all_is_told_so(
    support: Browser, stored_payments: StoredPayments
) -> None:
    order, eve = stored_payments.order("eve@example.com"), "eve@example.com"
    stored_payments.decline(order_id=order.id, email=eve)
    stored_payments.payment(order_id=order.id, email=eve)
    with stored_payments.app.app_context():
        rebuild(of=Transaction.email == eve)
    customer = stored_payments.customer_id(eve)
    (found,) = verdicts(support.get(f"/staff/customers/{customer}").text)
    assert found[1][1] == "\u201cAnother attempt went through. You have paid.\u201d"
