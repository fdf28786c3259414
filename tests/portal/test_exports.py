"""Whoever takes long files, or searches, again and again holds up themselves alone."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from types import ModuleType
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import QueuePool
from werkzeug.test import TestResponse

from payments_app.core.extensions import db
from payments_app.core.web import exports
from payments_app.portal import pages, payment_pages, statement_pages
from payments_app.settlement import views as settlement_views
from payments_app.staff.payments import list_pages
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.merchants.default_merchant import shop_id
from tests.notices.deliveries import endpoint
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.portal.test_webhooks import LIST, add
from tests.settlement.books import batches

pytestmark = pytest.mark.portable

FILE = "/portal/payments.csv"
STAFF_FILES = ("/staff/payments.csv", "/staff/ledger/journals.csv")


def is_busy(answer: TestResponse) -> bool:
    """And says so in a sentence, and when to ask again."""
    if answer.status_code != 429:
        return False
    return answer.headers["Retry-After"] == "30" and "Wait 30 seconds and try again." in answer.text


def member(app: Flask, name: str) -> Browser:
    return StaffDriver(app).signed_in("exporter", f"{name}@example.com")


def test_a_merchant_s_exports_are_limited(portal: Portal) -> None:
    browser, other = portal.signed_in(), portal.signed_in(portal.add_merchant())
    answers = [browser.get(FILE).status_code for _ in range(40)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert other.get(FILE).status_code == 200


@pytest.mark.parametrize("path", STAFF_FILES)
def test_a_member_s_exports_are_limited(app: Flask, path: str) -> None:
    browser, other = member(app, "eva"), member(app, "otto")
    answers = [browser.get(path).status_code for _ in range(40)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert other.get(path).status_code == 200


@pytest.fixture
def statement(driver: PaymentDriver) -> str:
    """The id of the shop's own."""
    driver.pay()
    (batch,) = batches()
    return batch.id


def test_a_merchant_s_statements_are_limited_as_files(
    app: Flask, portal: Portal, statement: str
) -> None:
    browser, other = portal.signed_in(), portal.signed_in(portal.add_merchant())
    file = f"/portal/statements/{statement}.csv"
    answers = [browser.get(file).status_code for _ in range(40)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert other.get(FILE).status_code == 200
    assert member(app, "eva").get(f"/staff/settlements/{statement}.csv").status_code == 200


def test_a_member_s_statements_are_limited_as_files(app: Flask, statement: str) -> None:
    browser, other = member(app, "eva"), member(app, "otto")
    file = f"/staff/settlements/{statement}.csv"
    answers = [browser.get(file).status_code for _ in range(40)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert other.get(file).status_code == 200


@pytest.mark.parametrize("path", ["/portal/statements/{}.csv", "/staff/settlements/{}.csv"])
def test_one_statement_of_theirs_is_sent_at_a_time(
    app: Flask, portal: Portal, statement: str, path: str
) -> None:
    browser = portal.signed_in() if "portal" in path else member(app, "eva")
    reading = browser.get(path.format(statement))
    assert is_busy(browser.get(path.format(statement)))
    reading.close()
    assert browser.get(path.format(statement)).status_code == 200


@pytest.mark.parametrize(
    ("path", "module", "made_by"),
    [
        ("/portal/statements/{}", statement_pages, "statement_of"),
        ("/portal/statements/{}.csv", statement_pages, "statement_of"),
        ("/portal/payments?q=zzzzz", pages, "payments_of"),
        ("/staff/settlements/{}", settlement_views, "statement_of"),
        ("/staff/settlements/{}.csv", settlement_views, "statement_of"),
        ("/staff/payments?q=zzzzz", list_pages, "search"),
    ],
)
def test_two_long_pages_of_theirs_are_made_at_once_in_a_process(
    app: Flask,
    portal: Portal,
    statement: str,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    module: ModuleType,
    made_by: str,
) -> None:
    at_once, make = path.format(statement), getattr(module, made_by)
    if path.startswith("/portal"):
        browser, other = portal.signed_in(), portal.signed_in(portal.add_merchant())
    else:
        browser, other = member(app, "eva"), member(app, "otto")
    began, busy = itertools.count(1), dict[str, bool]()

    def ask(name: str, asking: Browser) -> None:
        answer = asking.get(at_once)
        busy[name] = is_busy(answer)
        answer.close()

    def made_while_others_are_asked_for(*asked: object, **named: object) -> object:
        number = next(began)
        if number == 1:
            ask("second", browser)
        elif number == 2:
            ask("third", browser)
            ask("another's", other)
        return make(*asked, **named)

    monkeypatch.setattr(module, made_by, made_while_others_are_asked_for)
    ask("first", browser)
    assert busy == {"third": True, "another's": False, "second": False, "first": False}
    ask("later", browser)
    assert not busy["later"]


def test_two_pages_of_what_an_endpoint_was_sent_are_made_at_once(
    app: Flask, portal: Portal, receiver: Receiver
) -> None:
    """And a secret that could not be shown is not rolled."""
    browser, others = portal.signed_in(), portal.signed_in(portal.add_merchant())
    own, theirs = (add(one, receiver.url) for one in (browser, others))
    with app.app_context():
        secret, shop = endpoint(own).secret, shop_id()
    with ExitStack() as under_way:
        for _ in range(2):
            under_way.enter_context(exports.long_page(exports.MERCHANT, shop))
        assert is_busy(browser.get(f"{LIST}/{own}?deliveries=50"))
        assert is_busy(browser.post(f"{LIST}/{own}/secrets", LIST))
        assert is_busy(browser.post(f"{LIST}/{own}/replays", LIST, since="never"))
        assert add(browser, f"{receiver.url}/another")
        assert others.get(f"{LIST}/{theirs}").status_code == 200
    with app.app_context():
        assert endpoint(own).secret == secret
    assert "whsec_" in browser.post(f"{LIST}/{own}/secrets", LIST).text


def test_long_pages_of_many_leave_threads_for_whoever_pays(app: Flask, portal: Portal) -> None:
    """Each of them has room for more of their own: together they would hold all eight threads."""
    browser, search = portal.signed_in(), "/portal/payments?q=zzzzz"
    with ExitStack() as made_now:
        for number in range(6):
            page = exports.long_page(exports.STAFF, f"member-{number}")
            made_now.enter_context(page)
        assert is_busy(browser.get(search))
        assert is_busy(browser.get(FILE))
        assert app.test_client().get("/cart").status_code == 200
    assert browser.get(search).status_code == 200
    assert browser.get(FILE).status_code == 200


def test_a_merchant_s_searches_are_limited_and_the_list_is_not(portal: Portal) -> None:
    browser, other = portal.signed_in(), portal.signed_in(portal.add_merchant())
    answers = [browser.get("/portal/payments?q=zzzzz").status_code for _ in range(70)]
    assert answers[0] == 200
    assert 429 in answers
    assert browser.get("/portal/payments").status_code == 200
    assert other.get("/portal/payments?q=zzzzz").status_code == 200


def test_one_export_of_a_merchant_and_two_in_all_run_in_a_process(
    app: Flask, driver: PaymentDriver, portal: Portal
) -> None:
    driver.pay()
    first, second, third = (
        portal.signed_in(portal.add_merchant(name, f"{name}@example.com")) for name in "abc"
    )
    reading = first.get(FILE)
    assert is_busy(first.get(FILE))
    also = second.get(FILE)
    assert is_busy(third.get(FILE))
    assert member(app, "eva").get(STAFF_FILES[0]).status_code == 200
    reading.close()  # as a server does once all is sent, or its reader has left
    assert third.get(FILE).status_code == 200
    also.close()


@pytest.mark.parametrize("path", STAFF_FILES)
def test_one_export_of_a_member_and_two_in_all_run_in_a_process(
    app: Flask, portal: Portal, path: str
) -> None:
    first, second, third = (member(app, name) for name in ("eva", "otto", "una"))
    reading = first.get(path)
    assert is_busy(first.get(path))
    also = second.get(path)
    assert is_busy(third.get(path))
    assert portal.signed_in().get(FILE).status_code == 200
    reading.close()
    assert third.get(path).status_code == 200
    also.close()


def test_an_export_that_fails_as_it_begins_holds_nothing(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = portal.signed_in()
    with monkeypatch.context() as patched:
        patched.setattr(payment_pages, "_note_export", _fails)
        assert browser.get(FILE).status_code == 500
    assert browser.get(FILE).status_code == 200


def _fails(*_: object) -> None:
    raise RuntimeError("the history is away")


def test_no_connection_is_held_while_a_reader_takes_its_time(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.pay()
    driver.pay()
    monkeypatch.setattr(payment_pages, "_BATCH", 1)
    shop, pool = shop_id(), cast("QueuePool", db.engine.pool)
    db.session.remove()  # the test's own
    lines = payment_pages._lines(db.engine, shop, [], ZoneInfo("UTC"))
    read = []
    for line in lines:
        assert pool.checkedout() == 0
        read.append(line)
    assert len(read) == 3
