"""Administrators give other applications their keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.accounts import api_keys, people
from payments_app.accounts.api_keys import ApiKey
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.api.application import Application
from tests.bystanders import own

PAGE = "/staff/api-keys"
FORM = {"name": "bookings", "scopes": "payments:read"}


@pytest.fixture
def admin(app: Flask) -> Browser:
    return StaffDriver(app).signed_in("admin")


def keys(app: Flask) -> list[ApiKey]:
    with app.app_context():
        return list(db.session.scalars(select(ApiKey).where(own(ApiKey))))


def secret_in(page: str) -> str:
    found = re.search(r"pay_test_[\w-]+", page)
    assert found is not None
    return found[0]


def test_a_secret_is_shown_once_and_works(app: Flask, admin: Browser) -> None:
    made = admin.post(PAGE, PAGE, **FORM)
    secret = secret_in(made.text)
    assert Application(app, secret).get("payments").status_code == 200
    assert Application(app, secret).ask().status_code == 403
    assert secret not in admin.get(PAGE).text
    assert f"…{secret[-4:]}" in admin.get(PAGE).text


def test_a_key_gets_a_new_secret_and_is_revoked(app: Flask, admin: Browser) -> None:
    first = secret_in(admin.post(PAGE, PAGE, **FORM).text)
    [key] = keys(app)
    second = secret_in(admin.post(f"{PAGE}/{key.id}/rotation", PAGE).text)
    assert Application(app, first).get("payments").status_code == 200
    assert Application(app, second).get("payments").status_code == 200
    assert admin.post(f"{PAGE}/{key.id}/revocation", PAGE).status_code == 303
    assert Application(app, first).get("payments").status_code == 401
    assert Application(app, second).get("payments").status_code == 401
    again = admin.post(f"{PAGE}/{key.id}/rotation", PAGE)
    assert (again.status_code, "This key is revoked" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("leave", "what"),
    [
        (people.disable_staff, "staff.disabled"),
        (partial(people.change_role, role="support"), "staff.role_changed"),
    ],
)
def test_keys_that_outlive_their_makers_account_are_told(
    app: Flask, admin: Browser, leave: Callable[..., None], what: str
) -> None:
    driver = StaffDriver(app)
    ada = driver.signed_in("admin", "ada@example.com")
    for name in ("stays", "overlaps", "rotated", "revoked"):
        ada.post(PAGE, PAGE, name=name, scopes="payments:read")
    admin.post(PAGE, PAGE, name="other", scopes="payments:read")
    made = {key.name: key for key in keys(app)}
    admin.post(f"{PAGE}/{made['overlaps'].id}/rotation", PAGE)
    driver.do(partial(api_keys.rotate, live=False, hours=0), made["rotated"].id, "command line")
    admin.post(f"{PAGE}/{made['revoked'].id}/revocation", PAGE)
    driver.do(leave, "ada@example.com")
    [entry] = driver.entries(what)
    names = [f"{key.name} (\u2026{key.ends_in})" for key in keys(app)]
    told = [name for name in names if name.startswith(("stays", "overlaps"))]
    assert sorted(entry.data["api_keys"]) == sorted(told)
    with app.app_context():
        alert = db.session.scalars(select(Alert).where(Alert.kind == "api_keys_known")).one()
    assert [name in alert.message for name in names] == [name in told for name in names]
    page = admin.get("/staff/audit").text
    assert all(name in page for name in told)


def test_nobody_is_told_of_a_member_without_keys(app: Flask, admin: Browser) -> None:
    driver = StaffDriver(app)
    driver.member("ada@example.com", "admin")
    admin.post(PAGE, PAGE, **FORM)
    driver.do(people.disable_staff, "ada@example.com")
    [entry] = driver.entries("staff.disabled")
    assert "api_keys" not in entry.data
    with app.app_context():
        assert not db.session.scalars(select(Alert).where(Alert.kind == "api_keys_known")).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"name": " "}, "Enter a name"), ({"scopes": "all"}, "Choose at least one")],
)
def test_what_is_wrong_is_said(
    app: Flask, admin: Browser, changes: dict[str, str], words: str
) -> None:
    answer = admin.post(PAGE, PAGE, **(FORM | changes))
    assert (answer.status_code, words in answer.text) == (422, True)
    assert keys(app) == []


@pytest.mark.parametrize("role", ["viewer", "support", "refunder", "exporter"])
def test_nobody_but_an_administrator_sees_them(app: Flask, role: str) -> None:
    browser = StaffDriver(app).signed_in(role)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, "/staff/payments", **FORM).status_code == 403
    assert browser.post(f"{PAGE}/key_bystander/revocation", "/staff/payments").status_code == 403
    assert keys(app) == []
