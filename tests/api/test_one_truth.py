"""Whoever reads a payment reads the same of it: in the list, a search, the file, on its page, the
overview, its link's page, and over the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.db.ids import reference
from payments_app.core.extensions import db
from payments_app.payments.truth import truth_of
from payments_app.staff.verdict import BADGES
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.api.application import Application
from tests.attention.campaign import TRUTHS
from tests.csv_rows import csv_rows
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.slow]
_ABANDONED_SECONDS = 31 * 60.0


class ApplicationDriver(PaymentDriver):
    """Whatever is paid was asked for by another application."""

    def __init__(self, app: Flask, application: Application) -> None:
        super().__init__(app)
        self.application = application
        self.asked: dict[str, str] = {}  # by transaction

    def open(self, card: str = "pm_card_visa", order: str | None = None, **more: Any) -> str:
        wish = {"amount": more.get("amount", 1099)}
        request = order or str(self.application.asked(**wish)["id"])
        email = more.get("email", "ada@example.com")
        transaction: str = self.application.press_pay(request, card, email).json["id"]
        self.asked[transaction] = request
        return transaction

    def payment_of(self, transaction: str) -> dict[str, Any]:
        """As the API tells it, alone and in its list."""
        told = self.application.payment(self.asked[transaction])
        listed = self.application.get("payments", limit=100).json["data"]
        assert told in listed
        assert told["transaction"] == transaction
        return told


def declined(driver: PaymentDriver) -> str:
    return driver.pay("pm_card_visa_chargeDeclined")


def abandoned(driver: PaymentDriver) -> str:
    transaction = driver.pay("pm_card_authenticationRequired")
    driver.age(transaction, _ABANDONED_SECONDS)
    driver.make_due("expire_action")
    driver.work()
    return transaction


def lost(driver: PaymentDriver) -> str:
    driver.fail_stripe("drop_after", "/confirm$")
    return driver.pay()


# By what is so: how it comes about, and in which words staff read it.
STATES: dict[str, tuple[Callable[[PaymentDriver], str], str]] = {
    "created": (lambda driver: driver.open(), "Queued"),
    "requires_action": (TRUTHS["requires_action"], "Waiting for customer"),
    "unknown": (lost, "Checking with Stripe"),
    "failed": (declined, "Failed"),
    "canceled": (abandoned, "Cancelled"),
    "complete": (TRUTHS["complete"], "Paid"),
    "refund_pending": (TRUTHS["refund_pending"], "Refund pending"),
    "partly_refunded": (TRUTHS["partly_refunded"], "Partly refunded"),
    "refunded": (TRUTHS["refunded"], "Refunded"),
    "refund_failed": (TRUTHS["refund_failed"], "Refund failed"),
    "disputed": (TRUTHS["disputed"], "Disputed"),
    "dispute_lost": (TRUTHS["dispute_lost"], "Dispute lost"),
    "dispute_won": (TRUTHS["dispute_won"], "Dispute won in part"),
}
# As the API tells it, `status` and `paid_status`.
TOLD = {
    "created": ("processing", None),
    "requires_action": ("requires_action", None),
    "unknown": ("processing", None),
    "failed": ("requires_payment", None),
    "canceled": ("requires_payment", None),
    "complete": ("succeeded", "paid"),
    **{status: ("succeeded", status) for status in BADGES},
}
# What the page of its link says of what is neither refunded nor disputed, by the API's status.
LINKS = {
    "requires_payment": "Not paid yet",
    "processing": "Being paid",
    "requires_action": "Waits for the bank",
    "succeeded": "Paid",
}
READ_IN = ("list", "search", "file", "page")


@pytest.fixture
def driver(app: Flask, shop_application: Application) -> Iterator[ApplicationDriver]:
    with app.app_context():
        yield ApplicationDriver(app, shop_application)


@pytest.fixture
def admin(app: Flask) -> Browser:
    return StaffDriver(app).signed_in("admin")


def badge(page: str) -> str:
    found = re.search(
        r'class="badge [^"]*">(?:\s*<span aria-hidden[^>]*>[^<]*</span>)? ?([^<]+)<', page
    )
    return found[1] if found else ""


def line_of(page: str, transaction: str) -> str:
    """The one line of a table that names it."""
    name = f"<code>{reference(transaction)}</code>"
    (line,) = [row for row in page.split("<tr>") if name in row]
    return line


def read_by_staff(admin: Browser, transaction: str, email: str) -> dict[str, str]:
    """The status in words, by where it is read."""
    file = csv_rows(admin.get("/staff/payments.csv").text)
    found = admin.get(f"/staff/payments?q={email}").text
    return {
        "list": badge(line_of(admin.get("/staff/payments").text, transaction)),
        "search": badge(line_of(found, transaction)),
        "file": next(row["Status"] for row in file if row["Id"] == transaction),
        "page": badge(admin.get(f"/staff/payments/{transaction}").text),
    }


def is_on_the_overview(admin: Browser, transaction: str) -> bool:
    """As something that needs somebody."""
    work = admin.get("/staff").text.split('class="panel work"')[1].partition("</section>")[0]
    return reference(transaction) in work


def has_open_alert(transaction: str) -> bool:
    of_it = select(Alert.id).where(Alert.transaction_id == transaction)
    return bool(db.session.scalars(of_it.where(Alert.acknowledged_at.is_(None))).all())


@pytest.mark.parametrize("status", STATES)
def test_all_that_show_a_payment_say_the_same_of_it(
    driver: ApplicationDriver, admin: Browser, status: str
) -> None:
    other = driver.pay(amount=2500, email="bob@example.com")
    make, words = STATES[status]
    transaction = make(driver)
    for id_, so, said in ((transaction, status, words), (other, "complete", "Paid")):
        row = driver.read(id_)
        truth, email = truth_of(row), row.email
        assert truth.status == so
        assert read_by_staff(admin, id_, email) == dict.fromkeys(READ_IN, said)
        needs_somebody = bool(truth.needs) or has_open_alert(id_)
        assert is_on_the_overview(admin, id_) == needs_somebody
        told = driver.payment_of(id_)
        assert (told["status"], told["paid_status"]) == TOLD[so]
        assert told["amount_refunded"] == truth.returned
        link = admin.get(f"/staff/payment-links/{driver.asked[id_]}").text
        assert badge(link) == (said if so in BADGES else LINKS[told["status"]])
