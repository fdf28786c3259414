"""A link to pay is one kind, whatever it is for: an amount with a reason, an order, an overdue
period. It is signed, ends, is taken back, and is paid once; its payment's timeline tells of it."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.notices.models import Mail
from payments_app.payment_requests.ask import AskRefusedError, Wish, ask, cancel
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import PaymentRecord
from payments_app.payments.payable import find_payable
from tests.accounts.staff_driver import StaffDriver
from tests.api.application import Application, new_key
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD
from tests.payments.driver import PaymentDriver
from tests.staff.test_links_to_pay import overdue

THANKS = "/thankyou?transaction="
KINDS = ("amount", "order", "period")


@dataclass
class Link:
    """`other` is a link of the same kind to somebody else, which stays as it is."""

    app: Flask
    kind: str
    id: str = ""
    owed: str = ""
    other: str = ""

    def ask(self, email: str) -> tuple[str, str]:
        """A new link, and what is paid by it."""
        with self.app.app_context():
            owed = None
            if self.kind == "order":
                owed = find_payable(db.session(), PaymentDriver(self.app).create_order(1500))
            elif self.kind == "period":
                owed = find_payable(db.session(), overdue(email)[1][0])
            until = utcnow() + dt.timedelta(days=14)
            wish = Wish(Money(1500, "usd"), "The lamp", email=email, expires_at=until, owed=owed)
            made, _ = ask(wish, "ada")
            return made, owed.id if owed else made

    def path(self, request_id: str = "") -> str:
        with self.app.app_context():
            return f"/checkout/{sign_name(request_id or self.id)}"

    def opened(self, path: str = "", visitor: FlaskClient | None = None) -> TestResponse:
        visitor = visitor or self.app.test_client()
        return visitor.get(path or self.path(), headers=BROWSER)

    def change(self, **values: object) -> None:
        with self.app.app_context():
            change(self.id, **values)

    def paid_for(self) -> list[str]:
        """What the payments of this test pay for."""
        with self.app.app_context():
            records = select(PaymentRecord.payable_id).where(
                own(PaymentRecord), PaymentRecord.role == "pays_for"
            )
            return list(db.session.scalars(records))

    def charges(self) -> int:
        """How many Stripe has taken once all is worked on."""
        with self.app.app_context():
            driver = PaymentDriver(self.app)
            driver.work()
            return sum(intent["status"] == "succeeded" for intent in driver.intents())


@pytest.fixture(params=KINDS)
def link(app: Flask, request: pytest.FixtureRequest) -> Link:
    link = Link(app, request.param)
    link.other, _ = link.ask("bob@example.com")
    link.id, link.owed = link.ask("ada@example.com")
    return link


@atomic
def change(session: Session, request_id: str, **values: object) -> None:
    request = session.get_one(PaymentRequest, request_id)
    for name, value in values.items():
        setattr(request, name, value)


class Tab:
    """A tab of a visitor's, with the form that the link opened."""

    def __init__(self, link: Link, visitor: FlaskClient, email: str) -> None:
        self.visitor = visitor
        page = link.opened(visitor=visitor)
        assert page.status_code == 200
        self.form = dict(FIELD.findall(page.text)) | {"email": email}

    def pay(self) -> TestResponse:
        sent = self.form | {"payment_method": "pm_card_visa"}
        return self.visitor.post("/transactions", data=sent, headers=BROWSER)


def pay(
    link: Link, name: str, card: str = "pm_card_visa", visitor: FlaskClient | None = None
) -> TestResponse:
    wish = {"item": name, "email": "ada@example.com", "payment_method": card}
    named = {"Idempotency-Key": secrets.token_hex(8)}
    visitor = visitor or link.app.test_client()
    return visitor.post("/transactions", json=wish, headers=named)


def led_to_again(link: Link, declined: str, way: str, buyer: FlaskClient) -> str:
    """Where a payment is tried again, as its buyer's page, their mail and staff's page say."""
    if way == "page":
        said = buyer.get(f"/transactions/{declined}", headers={"Accept": "application/json"})
        return str(said.json["try_again_url"])
    if way == "staff":
        page = f"/staff/payments/{declined}/retries"
        told = StaffDriver(link.app).signed_in("support").post(page, page).text
    else:
        with link.app.app_context():
            PaymentDriver(link.app).work_all_waiting()
            mine = Mail.kind == "payment_failed", Mail.transaction_id == declined
            told = db.session.scalars(select(Mail.text).where(*mine)).one()
    (path,) = set(re.findall(r"/checkout/[\w-]+", told))
    return str(path)


def test_a_link_opens_and_pays_what_is_owed_by_its_signature_alone(link: Link) -> None:
    name = link.path().removeprefix("/checkout/")
    assert "$15.00" in link.opened().text
    forged = [link.id, f"{link.id}-{'a' * 24}", f"{link.other}{name[len(link.id) :]}", name[:-1]]
    for each in forged:
        assert link.opened(f"/checkout/{each}").status_code == 404
        assert pay(link, each).status_code == 422
    assert link.paid_for() == []
    assert pay(link, name).status_code == 202
    assert link.paid_for() == [link.owed]


def test_a_link_that_was_sent_before_links_were_signed_still_pays(link: Link) -> None:
    link.change(signed=False)
    assert link.opened(f"/checkout/{link.id}").status_code == 200
    assert link.opened(f"/checkout/{link.other}").status_code == 404
    assert pay(link, link.id).status_code == 202
    assert link.paid_for() == [link.owed]


@pytest.mark.parametrize("end", ["expired", "canceled"])
def test_a_link_that_is_over_says_whom_to_ask_and_charges_nothing(link: Link, end: str) -> None:
    tab = Tab(link, link.app.test_client(), "ada@example.com")
    if end == "expired":
        link.change(expires_at=utcnow() - dt.timedelta(seconds=1))
    else:
        with link.app.app_context():
            cancel(link.id, "ada")
    page = link.opened()
    words = {"expired": "This payment link has expired.", "canceled": "was cancelled."}[end]
    assert (page.status_code, words in page.text) == (410, True)
    assert "Nothing was charged." in page.text
    assert re.search(r"Questions\? (Write to|Ask) \S", page.text)
    assert tab.pay().status_code == 409
    assert link.paid_for() == []
    assert link.opened(link.path(link.other)).status_code == 200


@pytest.mark.parametrize("way", ["page", "mail", "staff"])
def test_who_was_declined_is_led_to_where_another_card_pays_for_it(link: Link, way: str) -> None:
    buyer, name = link.app.test_client(), link.path().removeprefix("/checkout/")
    declined = pay(link, name, "pm_card_visa_chargeDeclined", buyer).json["id"]
    assert link.charges() == 0
    path = led_to_again(link, declined, way, buyer)
    assert link.opened(path).status_code == 200
    assert pay(link, path.removeprefix("/checkout/")).status_code == 202
    assert (set(link.paid_for()), link.charges()) == ({link.owed}, 1)
    assert link.opened(link.path(link.other)).status_code == 200


@pytest.mark.parametrize("link", ["amount"], indirect=True)
def test_of_a_link_that_is_over_no_retry_is_offered(link: Link) -> None:
    """It would open a page that takes no payment."""
    support, pages = StaffDriver(link.app).signed_in("support"), []
    for id_ in (link.id, link.other):
        name = link.path(id_).removeprefix("/checkout/")
        pages.append(pay(link, name, "pm_card_visa_chargeDeclined").json["id"])
    assert link.charges() == 0
    with link.app.app_context():
        cancel(link.id, "ada")
    mine, theirs = (support.get(f"/staff/payments/{id_}/retries").text for id_ in pages)
    assert "The customer would read: This payment was cancelled." in mine
    assert ("Get payment link" in mine, "Get payment link" in theirs) == (False, True)


@pytest.mark.parametrize("visitors", [1, 2])
def test_a_link_in_two_tabs_is_charged_once(link: Link, visitors: int) -> None:
    """Both forms are open before the first is sent; both are sent at once."""
    browsers = [link.app.test_client() for _ in range(visitors)]
    emails = ["ada@example.com", "eve@example.com"]
    tabs = [Tab(link, browsers[n % visitors], emails[n % visitors]) for n in range(2)]
    together = threading.Barrier(2)

    def press(tab: Tab) -> TestResponse:
        together.wait(10)
        return tab.pay()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, tabs))
    assert link.paid_for() == [link.owed]
    assert link.charges() == 1
    (where,) = {answer.headers["Location"] for answer in answers}
    for tab in tabs:
        page = link.opened(visitor=tab.visitor)
        assert page.headers["Location"] in (where, where.replace("/transactions/", THANKS))
        said = tab.visitor.get(where, headers=BROWSER, follow_redirects=True)
        assert "$15.00 was paid." in said.text
    assert link.opened(link.path(link.other)).status_code == 200


def test_staff_read_what_became_of_a_link_and_its_payment_tells_of_it(link: Link) -> None:
    support = StaffDriver(link.app).signed_in("support")
    where = f"/staff/payment-links/{link.id}"
    assert "Not paid yet" in support.get(where).text
    transaction = pay(link, link.path().removeprefix("/checkout/")).json["id"]
    assert link.charges() == 1
    page = support.get(where).text
    assert re.search(r">Paid<", page)
    assert f"/staff/payments/{transaction}" in page
    assert "Cancel the link" not in page
    told = support.get(f"/staff/payments/{transaction}").text
    assert told.count("asked for $15.00") == 1
    assert "Not paid yet" in support.get(f"/staff/payment-links/{link.other}").text


@pytest.mark.parametrize("link", ["order", "period"], indirect=True)
def test_what_is_paid_is_not_asked_for_again(link: Link) -> None:
    pay(link, link.path().removeprefix("/checkout/"))
    refused = pytest.raises(AskRefusedError, match="This is paid, or somebody is paying it")
    with link.app.app_context(), refused:
        owed = find_payable(db.session(), link.owed)
        ask(Wish(Money(1500, "usd"), "Again", owed=owed), "ada")


def test_no_application_reads_what_staff_ask_for_a_debt(link: Link) -> None:
    application = Application(link.app, new_key(link.app))
    listed = {one["id"] for one in application.get("payments").json["data"]}
    known = application.get(f"payments/{link.id}").status_code
    assert (link.id in listed, known) == ((True, 200) if link.kind == "amount" else (False, 404))
