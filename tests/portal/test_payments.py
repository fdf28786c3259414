"""A merchant looks through their own payments: views, a search, a page of each, a CSV file."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry
from tests.accounts.staff_driver import Browser
from tests.csv_rows import csv_rows
from tests.merchants.default_merchant import shop_id
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.portal.test_pages import give_to
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
    sums = re.findall(r"<dt[^>]*>\s*([\w ]+?)\s*</dt>\s*<dd[^>]*>\s*(\$[\d.]+)", page)
    assert sums[1:3] == [("Refunded", "$1.00"), ("Refund pending", "$2.50")]
    (row,) = csv_rows(browser.get(f"{LIST}.csv").text)
    assert (row["Refunded"], row["Refund pending"]) == ("1.00", "2.50")


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
