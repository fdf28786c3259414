"""Whoever takes long files, or searches, again and again holds up themselves alone."""

from __future__ import annotations

from typing import cast
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import QueuePool
from werkzeug.test import TestResponse

from payments_app.core.extensions import db
from payments_app.portal import payment_pages
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.merchants.default_merchant import shop_id
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal

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
