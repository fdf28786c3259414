"""Links that sign in: mailed to who asked, good once and for minutes, and kept by nobody else."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.runner import run_due_messages
from payments_app.core.logs import JsonFormatter
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import Merchant
from payments_app.notices.mails import send_again
from payments_app.notices.models import Mail
from tests.accounts.staff_driver import HTML, Browser
from tests.bystanders import own
from tests.notices.quoting_mail_server import quoting_mail_server
from tests.notices.sent_mails import SentMails, text_of
from tests.reconcile.books import execute

pytestmark = pytest.mark.portable

EMAIL = "ada@example.com"
Kind = tuple[str, str]
LINK = re.compile(r"https?://[^/\s]+(/[\w/]+/link_[\w-]+)")


@pytest.fixture
def kind() -> Kind:
    """The page that asks for a link, and where its form goes: a buyer's."""
    return "/account", "/account/links"


@pytest.fixture
def ada(app: Flask, sent_mails: SentMails) -> Flask:
    """Ada is a customer and a merchant."""
    with app.app_context():
        _make()
    return app


@atomic
def _make(session: Session) -> None:
    customer_for(session, EMAIL)
    default_merchant(session)
    session.add(Merchant(name="Ada and Sons", email=EMAIL))


def work(app: Flask) -> None:
    with app.app_context():
        run_due_messages("payment_standard")
        run_due_messages("mailers")


def ask(app: Flask, kind: Kind, email: str = EMAIL) -> None:
    page, path = kind
    answer = Browser(app.test_client()).post(path, page, email=email)
    assert answer.status_code == 200
    work(app)


def mailed(app: Flask, sent_mails: SentMails, kind: Kind) -> str:
    """The path of the link in the mail that somebody asked for."""
    ask(app, kind)
    return links_in(sent_mails)[-1]


def links_in(sent_mails: SentMails) -> list[str]:
    found = [LINK.findall(text_of(mail, form)) for mail in sent_mails.all() for form in FORMS]
    assert all(len(each) == 1 for each in found), found
    pairs = [each[0] for each in found]
    assert pairs[::2] == pairs[1::2]
    return pairs[::2]


FORMS = ("plain", "html")


def press(app: Flask, path: str) -> int:
    browser = Browser(app.test_client())
    page = browser.get(path).text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)
    form = {"csrf_token": token[0] if token else ""}
    return browser.client.post(path, data=form, headers=HTML).status_code


def test_a_link_that_signs_in_works_once(ada: Flask, sent_mails: SentMails, kind: Kind) -> None:
    path = mailed(ada, sent_mails, kind)
    assert press(ada, path) == 303
    assert press(ada, path) == 410
    assert ada.test_client().get(path, headers=HTML).status_code == 410


def test_a_scanner_of_mails_does_not_spend_a_link(
    ada: Flask, sent_mails: SentMails, kind: Kind
) -> None:
    path = mailed(ada, sent_mails, kind)
    for method in ("GET", "HEAD") * 3:
        assert ada.test_client().open(path, method=method).status_code == 200
    assert press(ada, path) == 303


def test_of_two_that_press_at_once_one_gets_in(
    ada: Flask, sent_mails: SentMails, kind: Kind
) -> None:
    path = mailed(ada, sent_mails, kind)
    browsers = [Browser(ada.test_client()) for _ in range(4)]
    forms = [re.findall(r'csrf_token" value="([^"]+)', b.get(path).text)[0] for b in browsers]

    def send(number: int) -> int:
        form = {"csrf_token": forms[number]}
        return browsers[number].client.post(path, data=form, headers=HTML).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [303, 410, 410, 410]


def test_no_table_holds_a_link_that_works(ada: Flask, sent_mails: SentMails, kind: Kind) -> None:
    token = mailed(ada, sent_mails, kind).rpartition("/")[2]
    with ada.app_context():
        everything = [
            str(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(table.select())
        ]
    assert [row for row in everything if token in row] == []
    assert any("[link]" in row for row in everything)


def _each(form: str, link: str) -> str:
    return "".join(form.format(ord(letter)) for letter in link[-48:])


def _base64(before: bytes, link: str) -> str:
    return b64encode(before + link[-48:].encode()).decode()


WRITTEN: dict[str, tuple[int, Callable[[str], str]]] = {
    **{f"in lines of {width}": (width, str) for width in (500, 72, 40)},
    "in upper case": (900, str.upper),
    **{
        f"as {form.format(65)} each": (900, partial(_each, form))
        for form in (
            *("%{:02X}", "&#{};", "\\x{:02x}", "\\{:03o}", "{:02x}"),
            *("\\u{:04x}", "\\u{{{:x}}}", "%25{:02X}", "&amp;#{};"),
        )
    },
    **{f"in base64 from byte {at} on": (900, partial(_base64, b"x" * at)) for at in range(3)},
}


@pytest.fixture(params=WRITTEN.values(), ids=list(WRITTEN))
def quoting(request: pytest.FixtureRequest) -> Iterator[str]:
    with quoting_mail_server(*request.param) as url:
        yield url


@pytest.mark.expects_failure("notices.send_link")
def test_a_mail_server_that_quotes_a_link_does_not_have_it_kept(
    quoting: str, ada: Flask, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(ada, kind)
    with ada.app_context():
        everything = [
            str(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(table.select())
        ]
    assert any("554: the server's words quote a link of this mail" in row for row in everything)
    everything += [JsonFormatter().format(record) for record in caplog.records]
    joined = [re.sub(r"\\+[rn]|\s|554[- ]", "", said) for said in everything]
    assert [said for said in joined if re.search(r"/link_[\w-]{20,}", said)] == []


def test_a_mail_that_is_sent_again_has_a_new_link(
    ada: Flask, sent_mails: SentMails, kind: Kind
) -> None:
    mailed(ada, sent_mails, kind)
    with ada.app_context():
        _again()
    work(ada)
    first, second = links_in(sent_mails)
    assert first != second
    assert [press(ada, second), press(ada, second)] == [303, 410]


@atomic
def _again(session: Session) -> None:
    assert send_again(session, session.scalars(select(Mail).where(own(Mail))).one())


def test_a_link_is_no_good_for_an_address_of_before(
    ada: Flask, sent_mails: SentMails, kind: Kind
) -> None:
    path = mailed(ada, sent_mails, kind)
    with ada.app_context():
        for model in (Customer, Merchant):
            old = model.email == EMAIL
            execute(update(model).where(old, own(model)).values(email="new@example.com"))
    assert press(ada, path) == 410


@pytest.mark.parametrize("settings", [{"SIGN_IN_LINK_MINUTES": "1"}], indirect=True)
def test_a_link_is_good_for_as_many_minutes_as_the_setting_says(
    ada: Flask, sent_mails: SentMails, kind: Kind
) -> None:
    from payments_app.core.db.clock import database_now
    from payments_app.core.web.one_time_links import OneTimeLink

    path = mailed(ada, sent_mails, kind)
    assert "once, for 1 minute." in text_of(sent_mails.all()[0])
    with ada.app_context():
        lives = OneTimeLink.expires_at.between(database_now(30), database_now(61))
        assert db.session.scalar(select(lives).where(own(OneTimeLink))) in {True}
        execute(update(OneTimeLink).where(own(OneTimeLink)).values(expires_at=database_now(-1)))
    assert press(ada, path) == 410


@pytest.fixture
def settings(
    settings: dict[str, str], mailbox: Any, request: pytest.FixtureRequest
) -> dict[str, str]:
    quoted = "quoting" in request.fixturenames
    url = request.getfixturevalue("quoting") if quoted else mailbox.url
    return settings | {"SMTP_URL": url} | getattr(request, "param", {})


def test_asking_does_the_same_for_a_stranger(ada: Flask, sent_mails: SentMails, kind: Kind) -> None:
    """The same statements, one by one: nothing in the answer or its time tells who pays here."""
    page, path = kind
    statements: list[list[str]] = []

    def note(_line: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements[-1].append(statement)

    ask(ada, kind, "first@example.com")  # a process's first one declares what it knows
    event.listen(ada.extensions["engine"], "before_cursor_execute", note)
    for email in (EMAIL, "nobody@example.com"):
        browser = Browser(ada.test_client())
        browser.get(page)
        statements.append([])
        browser.post(path, page, email=email)
    event.remove(ada.extensions["engine"], "before_cursor_execute", note)
    customer, stranger = statements
    assert customer == stranger
    assert customer


def test_a_stranger_gets_no_mail(ada: Flask, sent_mails: SentMails, kind: Kind) -> None:
    ask(ada, kind, "nobody@example.com")
    assert sent_mails.all() == []


def test_what_a_stranger_typed_is_not_kept(ada: Flask, sent_mails: SentMails, kind: Kind) -> None:
    ask(ada, kind, "nobody@example.com")
    with ada.app_context():
        rows = [
            str(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(table.select())
        ]
    assert [row for row in rows if "nobody@" in row] == []
