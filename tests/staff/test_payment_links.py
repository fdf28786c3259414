"""Staff send somebody a link to pay, and see what became of it."""

from __future__ import annotations

import re
import secrets

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.notices.models import Mail
from payments_app.payment_requests.models import PaymentRequest
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER
from tests.own_worker import work

FORM = {
    "amount": "40.00",
    "currency": "usd",
    "description": "The lamp that was missing",
    "email": "bob@example.com",
    "days": "7",
    "send": "1",
}
NEW = "/staff/payment-links/new"


@pytest.fixture
def support(app: Flask) -> Browser:
    return StaffDriver(app).signed_in("support")


def requests(app: Flask) -> list[PaymentRequest]:
    with app.app_context():
        return list(db.session.scalars(select(PaymentRequest).where(own(PaymentRequest))))


def name_of(app: Flask, asked: PaymentRequest) -> str:
    """As its link names it."""
    with app.app_context():
        return asked.checkout_name


def mails(app: Flask) -> list[Mail]:
    with app.app_context():
        return list(db.session.scalars(select(Mail).where(Mail.kind == "payment_link")))


def test_a_link_is_made_mailed_and_paid(app: Flask, support: Browser) -> None:
    answer = support.post("/staff/payment-links", NEW, **FORM)
    assert answer.status_code == 303
    page = support.get(answer.headers["Location"]).text
    made = requests(app)[0]
    name = name_of(app, made)
    link = f"{app.config['CONFIG'].public_url}/checkout/{name}"
    assert link in page
    assert "$40.00: The lamp that was missing" in page
    assert "support@example.com" in page
    assert "stf_" not in page
    (mail,) = mails(app)
    assert (mail.recipient, mail.link) == (
        "bob@example.com",
        {"path": "/checkout/", "name": made.id},
    )
    wish = {"item": name, "email": "bob@example.com", "payment_method": "pm_card_visa"}
    buyer = app.test_client()
    paid = buyer.post("/transactions", json=wish, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert paid.status_code == 202
    with app.app_context():
        work("charges")
    page = support.get(answer.headers["Location"]).text
    assert re.search(r">Paid<", page)
    assert f"/staff/payments/{paid.json['id']}" in page
    assert link not in page
    assert "The lamp that was missing" in support.get(f"/staff/payments/{paid.json['id']}").text


def test_whoever_has_a_link_reads_no_more_of_its_address_than_its_owner_needs(
    app: Flask, support: Browser
) -> None:
    support.post("/staff/payment-links", NEW, **FORM)
    name = name_of(app, requests(app)[0])
    link = f"/checkout/{name}"
    buyer = app.test_client()
    page = buyer.get(link).text
    assert "bob@" not in page
    assert "b...@example.com is asked to pay." in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert token is not None
    assert key is not None
    form = {"csrf_token": token[1], "key": key[1], "item": name, "email": "bo"}
    again = buyer.post("/transactions", data=form, headers=BROWSER)
    assert again.status_code == 422
    assert "bob@" not in again.text
    assert "b...@example.com is asked to pay." in again.text


def test_a_link_need_not_be_mailed(app: Flask, support: Browser) -> None:
    form = {name: value for name, value in FORM.items() if name not in ("send", "email")}
    assert support.post("/staff/payment-links", NEW, **form).status_code == 303
    assert len(requests(app)) == 1
    assert mails(app) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"amount": "1,50"}, "amount", "1,50"),
        ({"amount": "0.10"}, "amount", "the least that can be charged"),
        ({"currency": "xyz"}, "currency", "Choose a currency"),
        ({"description": " "}, "description", "Say what it is for"),
        ({"description": "4242 4242 4242 4242"}, "description", "card number"),
        ({"email": "bob"}, "email", "Enter an e-mail address"),
        ({"email": ""}, "email", "Enter the address that the link goes to."),
        ({"days": "0"}, "days", "1 to 90 days"),
        ({"days": "\u0663"}, "days", "1 to 90 days"),
        ({"days": "1000"}, "days", "1 to 90 days"),
        ({"days": "9" * 5000}, "days", "1 to 90 days"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    app: Flask, support: Browser, changes: dict[str, str], field: str, words: str
) -> None:
    answer = support.post("/staff/payment-links", NEW, **(FORM | changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert f'id="{field}"' in answer.text
    assert "bob" in answer.text or field == "email"
    assert requests(app) == []
    assert mails(app) == []


def test_who_only_looks_asks_for_nothing(app: Flask) -> None:
    viewer = StaffDriver(app).signed_in("viewer")
    assert viewer.get(NEW).status_code == 403
    assert viewer.post("/staff/payment-links", "/staff/payment-links", **FORM).status_code == 403
    page = viewer.get("/staff/payment-links").text
    assert "Bystander" in page
    assert NEW not in page
    assert requests(app) == []


def test_the_list_breaks_an_address_behind_its_at(support: Browser) -> None:
    support.post("/staff/payment-links", NEW, **FORM)
    assert "bob@<wbr>example.com" in support.get("/staff/payment-links").text


def test_a_link_is_cancelled_once_nobody_should_pay_it(app: Flask, support: Browser) -> None:
    where = support.post("/staff/payment-links", NEW, **FORM).headers["Location"]
    assert support.post(f"{where}/cancellation", where).status_code == 303
    page = support.get(where).text
    assert ">Cancelled<" in page
    assert "Cancel the link" not in page
    made = requests(app)[0]
    assert app.test_client().get(f"/checkout/{name_of(app, made)}").status_code == 410


def test_a_link_of_nobody_is_not_found(support: Browser) -> None:
    assert support.get("/staff/payment-links/prq_1").status_code == 404
    assert support.get("/staff/payment-links?before=prq_1").status_code == 404
    assert support.get("/staff/payment-links?form=x").status_code == 422
