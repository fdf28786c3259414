"""A merchant looks through their own payments: views, a search, a page of each, a CSV file."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from payments_app.payments.models import Transaction
from payments_app.portal import pages, payments, search
from payments_app.staff import indexes
from tests.accounts.staff_driver import Browser
from tests.csv_rows import csv_rows
from tests.merchants.default_merchant import shop_id
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.portal.test_pages import give_to
from tests.reconcile.books import execute
from tests.refunds.refund_steps import ask, give_back

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

LIST = "/portal/payments"
DECLINED = "pm_card_visa_chargeDeclinedStolenCard"


@pytest.fixture
def other(portal: Portal) -> str:
    """Another merchant."""
    return portal.add_merchant()


@pytest.fixture
def theirs(driver: PaymentDriver, other: str) -> str:
    """A payment of the other merchant's, like our own."""
    paid = driver.pay(description="Order #AAAA", email="ada@example.com")
    give_to(other, paid)
    return paid


def references(browser: Browser, query: str = "") -> list[str]:
    return re.findall(r"<code>(\w{4}-\w{4})</code>", browser.get(LIST + query).text)


def test_views_and_the_search_find_own_payments_alone(
    driver: PaymentDriver, portal: Portal, theirs: str, other: str
) -> None:
    browser, others = portal.signed_in(), portal.signed_in(other)
    paid = driver.read(driver.pay(description="Order #AAAA", email="ada@example.com"))
    failed = driver.read(driver.pay(DECLINED, description="Order #BBBB", email="bo@example.com"))
    for query, found in (
        ("?view=complete", [paid]),
        ("?view=failed", [failed]),
        ("?view=pending", []),
        ("?view=refunded", []),
        ("?q=ada@", [paid]),
        ("?q=Order+%23AAAA", [paid]),
        ("?q=%23BBBB", [failed]),
        (f"?q={paid.reference.lower()}", [paid]),
        (f"?q={paid.id}", [paid]),
        (
            f"?q={paid.card_last4}",
            [paid, failed] if failed.card_last4 == paid.card_last4 else [paid],
        ),
        ("?q=$10.99&view=failed", [failed]),
        ("?q=10.99&view=complete", [paid]),
        ("?q=10.98", []),
        ("?q=%25", []),
        (f"?q={driver.read(theirs).reference}", []),
        (f"?q={theirs}", []),
    ):
        assert references(browser, query) == [one.reference for one in found[::-1]], query
    assert references(others, "?q=ada@") == [driver.read(theirs).reference]


def test_an_amount_is_looked_for_as_the_list_shows_it(
    driver: PaymentDriver, portal: Portal, theirs: str
) -> None:
    """Of a part that was captured the part, and also where the shop never asks for the currency."""
    part, elsewhere = (driver.read(driver.pay()) for _ in "ab")
    for paid, shown in ((part, {"amount_received": 500}), (elsewhere, {"currency": "pkr"})):
        execute(update(Transaction).where(Transaction.id == paid.id).values(shown))
    browser = portal.signed_in()
    assert references(browser, "?q=5.00") == [part.reference]
    assert references(browser, "?q=10.99") == [elsewhere.reference]


def test_a_refunded_payment_is_in_its_view_and_says_so(
    driver: PaymentDriver, portal: Portal
) -> None:
    paid = driver.pay()
    driver.pay()
    give_back(driver, paid, 100)
    browser = portal.signed_in()
    assert references(browser, "?view=refunded") == [driver.read(paid).reference]
    page = browser.get(f"{LIST}/{paid}").text
    assert "Refunded $1.00" in page


def test_a_refund_that_is_on_its_way_is_pending_and_not_refunded(
    driver: PaymentDriver, portal: Portal
) -> None:
    paid = driver.pay()
    give_back(driver, paid, 100)
    ask(paid, 250)
    browser = portal.signed_in()
    page = browser.get(f"{LIST}/{paid}").text
    sums = re.findall(r"<dt[^>]*>\s*([\w ]+?)\s*</dt>\s*<dd>\s*<bdi>(\$[\d.]+)", page)
    assert sums[1:3] == [("Refunded", "$1.00"), ("Refund pending", "$2.50")]
    (row,) = csv_rows(browser.get(f"{LIST}.csv").text)
    assert (row["Refunded"], row["Refund pending"]) == ("1.00", "2.50")


def test_in_more_payments_than_are_read_an_index_still_finds_each(
    driver: PaymentDriver, portal: Portal, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 1)
    browser = portal.signed_in()
    old = driver.read(driver.pay(description="Order #AAAA", email="ada@example.com"))
    new = driver.read(driver.pay(description="Order #BBBB", email="bo@example.com"))
    for typed in (old.id, old.reference, "Ada@example.com"):
        assert references(browser, f"?q={typed}") == [old.reference], typed
    for typed in ("ada@", "%23AAAA"):
        assert references(browser, f"?q={typed}") == [], typed
    for typed in ("bo@", "%23BBBB", "10.99", new.card_last4):
        assert references(browser, f"?q={typed}") == [new.reference], typed
    assert references(browser, f"?q={driver.read(theirs).reference}") == []
    assert "anything else in your newest 50,000" in browser.get(f"{LIST}?q=ada@").text


def test_a_sign_alone_finds_nothing(driver: PaymentDriver, portal: Portal) -> None:
    driver.pay()
    assert references(portal.signed_in(), "?q=%23") == []


@pytest.mark.parametrize("query", ["?view=odd", "?q=4242424242424242", "?odd=1", "?before=x"])
def test_what_can_t_be_read_is_refused(portal: Portal, query: str) -> None:
    assert portal.signed_in().get(LIST + query).status_code == 422


def test_a_page_says_what_is_so_and_no_reason_of_the_bank_s(
    driver: PaymentDriver, portal: Portal
) -> None:
    failed = driver.pay(DECLINED, description="Order #BBBB", email="bo@example.com")
    page = portal.signed_in().get(f"{LIST}/{failed}").text
    assert "The customer read: “" in page
    assert "Nothing was charged." in page
    assert "stolen" not in page.lower()
    assert "bo@example.com asked to pay $10.99" in page


def test_a_payment_of_another_merchant_s_is_none(
    driver: PaymentDriver, portal: Portal, theirs: str, other: str
) -> None:
    browser, others = portal.signed_in(), portal.signed_in(other)
    assert browser.get(f"{LIST}/{theirs}").status_code == 404
    assert browser.get(f"{LIST}/txn_none").status_code == 404
    assert others.get(f"{LIST}/{theirs}").status_code == 200


def test_the_file_is_the_list_row_for_row_and_says_who_took_it(
    driver: PaymentDriver, portal: Portal, theirs: str
) -> None:
    paid = driver.pay(description="=1+1", email="ada@example.com")
    driver.pay(DECLINED)
    give_back(driver, paid, 100)
    browser = portal.signed_in()
    assert len(csv_rows(browser.get(f"{LIST}.csv").text)) == 2
    (row,) = csv_rows(browser.get(f"{LIST}.csv?view=complete").text)
    assert row["Id"] == paid
    assert (row["Amount"], row["Currency"], row["Refunded"]) == ("10.99", "USD", "1.00")
    assert row["Description"] == "'=1+1"
    assert theirs not in browser.get(f"{LIST}.csv").text
    assert _exports()[1] == (shop_id(), {"view": "complete"})


def test_a_file_of_many_pages_has_each_once(
    driver: PaymentDriver, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments_app.portal.payment_pages._BATCH", 2)
    made = [driver.pay() for _ in range(5)]
    rows = csv_rows(portal.signed_in().get(f"{LIST}.csv").text)
    assert [row["Id"] for row in rows] == made[::-1]


def test_the_next_page_keeps_what_was_looked_for(
    driver: PaymentDriver, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments_app.portal.pages.PAGE_SIZE", 1)
    first = driver.read(driver.pay())
    driver.pay(DECLINED)
    driver.pay()
    browser = portal.signed_in()
    found = re.search(r'rel="next"\s+href="([^"]+)"', browser.get(f"{LIST}?view=complete").text)
    assert found
    page = html.unescape(found[1]).removeprefix(LIST)
    assert references(browser, page) == [first.reference]


def test_times_are_relative_with_the_exact_one_at_hand(
    driver: PaymentDriver, portal: Portal
) -> None:
    driver.pay()
    listed = portal.signed_in().get(LIST).text
    assert re.search(r'title="\d+/\d+/\d{4} [^"]+">\s*\d+ (s|min) ago', listed)


@atomic
def _exports(session: Session) -> list[tuple[str, object]]:
    entries = select(HistoryEntry).where(HistoryEntry.what == "portal.exported")
    rows = session.scalars(entries.order_by(HistoryEntry.id))
    return [(row.actor, row.data["filters"]) for row in rows]


def test_the_search_is_written_as_the_indexes_are() -> None:
    for written, indexed in (
        (search._email, indexes.lower_email),
        (search._reference, indexes.reference_tail),
    ):
        assert str(written) == str(indexed)


def test_a_view_reads_no_more_than_a_page_s_worth_and_goes_on(
    driver: PaymentDriver, portal: Portal, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (payments, pages):
        monkeypatch.setattr(module, "SCANNED", 2)
    failed = driver.read(driver.pay(DECLINED))
    for _ in range(4):
        driver.pay()
    browser, query, read = portal.signed_in(), "?view=failed", []
    while query:
        page = browser.get(LIST + query).text
        read.append(re.findall(r"<code>(\w{4}-\w{4})</code>", page))
        (query,) = re.findall(r'rel="next"\s+href="/portal/payments(\?[^"]+)"', page) or [""]
        query = html.unescape(query)
    assert read == [[], [], [failed.reference]]
    assert [row["Id"] for row in csv_rows(browser.get(f"{LIST}.csv?view=failed").text)] == [
        failed.id
    ]


def test_a_view_of_nothing_says_so(portal: Portal, driver: PaymentDriver, theirs: str) -> None:
    page = portal.signed_in().get(f"{LIST}?view=refunded").text
    assert "No payment of yours is “Refunded”." in " ".join(page.split()).replace("<p> ", "<p>")
