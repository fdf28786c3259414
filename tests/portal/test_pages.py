"""A merchant's payments and statements: theirs, and nobody else's."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from payments_app.core.extensions import db
from payments_app.payments.models import PaymentRecord
from payments_app.portal.payments import payments_of
from payments_app.settlement.models import Batch
from tests.csv_rows import csv_rows
from tests.merchants.default_merchant import shop_id
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.reconcile.books import execute
from tests.settlement.books import batches

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def give_to(merchant_id: str, transaction_id: str) -> None:
    """Let a payment be another merchant's."""
    execute(
        update(PaymentRecord)
        .where(PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == "merchant")
        .values(payable_id=merchant_id)
    )


def test_a_merchant_sees_their_payments_alone(driver: PaymentDriver, portal: Portal) -> None:
    other = portal.add_merchant()
    own, theirs = driver.pay(description="Mine"), driver.pay(description="Not mine")
    give_to(other, theirs)
    signed_in, other_signed_in = portal.signed_in(), portal.signed_in(other)
    page = signed_in.get("/portal/payments").text
    assert driver.read(own).reference in page
    assert driver.read(theirs).reference not in page
    assert "Not mine" in other_signed_in.get("/portal/payments").text


@pytest.mark.parametrize(
    ("path", "status", "further"),
    [
        ("/portal/payments/txn_none", 404, "Back to your payments"),
        ("/portal/payments?nope=1", 422, "Continue"),
    ],
)
def test_an_error_leaves_a_merchant_in_the_portal(
    portal: Portal, path: str, status: int, further: str
) -> None:
    answer = portal.signed_in().get(path)
    assert answer.status_code == status
    assert further in answer.text
    assert portal.shop_email() in answer.text
    assert "Back to the shop" not in answer.text


def test_an_error_names_no_merchant_to_a_stranger(portal: Portal) -> None:
    page = portal.browser().get("/portal/nothing").text
    assert "Back to your payments" in page
    assert portal.shop_email() not in page


def test_a_payment_that_failed_reads_as_not_paid(driver: PaymentDriver, portal: Portal) -> None:
    driver.pay("pm_card_visa_chargeDeclined")
    assert "Not paid" in portal.signed_in().get("/portal/payments").text


def test_pages_follow_each_other_without_gap_or_overlap(
    driver: PaymentDriver, portal: Portal
) -> None:
    made = [driver.pay() for _ in range(5)]
    seen: list[str] = []
    before = None
    for _ in range(3):
        found = payments_of(driver.app.extensions["sqlalchemy"].session(), shop_id(), before, 2)
        seen += [row.id for row in found.rows]
        before = found.older
    assert seen == made[::-1]
    assert before is None


def test_another_merchants_cursor_shows_nothing_of_theirs(
    driver: PaymentDriver, portal: Portal
) -> None:
    other = portal.add_merchant()
    driver.pay()
    give_to(other, driver.pay())
    browser = portal.signed_in()  # before this test's own look, which may keep an older state
    theirs = select(PaymentRecord.id).where(PaymentRecord.payable_id == other)
    place = db.session.scalars(theirs).one()
    answer = browser.get(f"/portal/payments?before={place}")
    assert answer.status_code == 200
    assert "No payments yet." in answer.text


def test_a_statement_is_downloaded_line_by_line(driver: PaymentDriver, portal: Portal) -> None:
    driver.pay()
    (batch,) = batches()
    browser = portal.signed_in()
    assert f"/portal/statements/{batch.id}" in browser.get("/portal/statements").text
    assert "$10.37" in browser.get(f"/portal/statements/{batch.id}").text
    answer = browser.get(f"/portal/statements/{batch.id}.csv")
    (row,) = csv_rows(answer.text)
    assert (row["Gross"], row["Stripe fee"], row["Net"]) == ("10.99", "-0.62", "10.37")


def test_a_merchants_statement_links_to_no_page_of_staff(
    driver: PaymentDriver, portal: Portal
) -> None:
    driver.pay()
    page = portal.signed_in().get(f"/portal/statements/{batches()[0].id}").text
    assert re.findall(r'href="(/staff[^"]*)"', page) == []


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_another_merchants_statement_is_not_found(
    driver: PaymentDriver, portal: Portal, ending: str
) -> None:
    driver.pay()
    execute(update(Batch).values(merchant_id=portal.add_merchant()))
    path = f"/portal/statements/{batches()[0].id}{ending}"
    assert portal.signed_in().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/portal/statements/%00", "/portal/webhooks/%00"])
def test_a_nul_in_an_address_is_an_unknown_address(portal: Portal, path: str) -> None:
    assert portal.signed_in().get(path).status_code == 404


def test_a_merchant_reads_english_whatever_the_browser_prefers(portal: Portal) -> None:
    german = {"Accept-Language": "de-DE,de;q=0.9"}
    assert 'lang="de"' not in portal.signed_in().client.get("/portal/sign_in", headers=german).text
