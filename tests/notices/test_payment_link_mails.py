"""A link to pay is mailed, and kept by nobody else: who reads our tables can open none."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.customers.find import customer_for
from payments_app.notices.payment_link import send_payment_link
from payments_app.payment_requests.ask import Wish, ask
from tests.accounts.staff_driver import HTML, Browser
from tests.notices.sent_mails import SentMails, text_of
from tests.notices.test_sign_in_links import links_in, press, work

pytestmark = pytest.mark.portable
EMAIL = "ada@example.com"


@dataclass
class Asked:
    """Ada, who is a customer, and Bob are asked for an amount each."""

    app: Flask
    name: str
    other: str

    def everywhere(self) -> list[str]:
        """The tables whose rows hold a signed name, or what it is signed with."""
        signatures = self.name[-24:], self.other[-24:]
        with self.app.app_context():
            return [
                table.name
                for table in db.metadata.sorted_tables
                for row in db.session.execute(table.select())
                if any(each in str(row) for each in signatures)
            ]


@pytest.fixture
def asked(app: Flask, sent_mails: SentMails) -> Asked:
    with app.test_request_context():
        atomic(lambda session: customer_for(session, EMAIL))()
        made = []
        for email in (EMAIL, "bob@example.com"):
            wish = Wish(Money(1500, "usd"), "The lamp", email=email)
            request_id, _ = ask(wish, "ada")
            send_payment_link(request_id, "ada")
            made.append(sign_name(request_id))
    return Asked(app, *made)


def test_no_table_holds_a_link_to_pay_that_was_mailed(asked: Asked, sent_mails: SentMails) -> None:
    assert asked.everywhere() == []
    work(asked.app)
    assert asked.everywhere() == []
    for mail in sent_mails.all():
        name = asked.name if mail["To"] == EMAIL else asked.other
        for form in ("plain", "html"):
            (path,) = set(re.findall(r"https?://[^/\s]+(/checkout/[\w-]+)", text_of(mail, form)))
            assert path == f"/checkout/{name}"
            assert "The lamp" in asked.app.test_client().get(path, headers=HTML).text
    assert {mail["To"] for mail in sent_mails.all()} == {EMAIL, "bob@example.com"}


def test_no_table_holds_the_link_to_pay_that_a_sign_in_leads_on_to(
    asked: Asked, sent_mails: SentMails
) -> None:
    work(asked.app)
    sent_mails.burn()
    wanted = f"/checkout/{asked.name}"
    browser, page = Browser(asked.app.test_client()), f"/account?next={wanted}"
    assert browser.post("/account/links", page, email=EMAIL, next=wanted).status_code == 200
    assert asked.everywhere() == []
    work(asked.app)
    assert asked.everywhere() == []
    (path,) = links_in(sent_mails)
    answer = browser.post(path, path)
    assert answer.headers["Location"] == wanted
    assert press(asked.app, path) == 410


@pytest.mark.parametrize("wanted", [f"/{'a' * 350}", "gAAAAABsomebodys", "//evil.example/pay"])
def test_what_can_not_be_kept_leads_to_the_account(
    asked: Asked, sent_mails: SentMails, wanted: str
) -> None:
    work(asked.app)
    sent_mails.burn()
    browser = Browser(asked.app.test_client())
    assert browser.post("/account/links", "/account", email=EMAIL, next=wanted).status_code == 200
    work(asked.app)
    (path,) = links_in(sent_mails)
    assert browser.post(path, path).headers["Location"] == "/account"
