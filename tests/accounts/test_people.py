"""Accounts by the command line, and the table of roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from demo.member import keep_demo_member
from payments_app.accounts import password_links, people
from payments_app.accounts.models import KnownBrowser
from payments_app.accounts.permissions import allows
from payments_app.accounts.sessions import know_browser
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from tests.accounts.staff_driver import PASSWORD, StaffDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("viewer", {"view"}, {"technical", "note", "retry", "refund", "export", "staff"}),
        ("support", {"view", "technical", "note", "retry"}, {"refund", "export", "audit"}),
        ("refunder", {"view", "technical", "note", "retry", "refund"}, {"export", "audit"}),
        ("exporter", {"view", "export"}, {"technical", "note", "retry", "refund"}),
        ("admin", {"view", "refund", "export", "audit", "anything new"}, set()),
    ],
)
def test_a_role_may_do_this_and_no_more(role: str, may: set[str], may_not: set[str]) -> None:
    assert {p for p in may | may_not if allows(role, p)} == may


def test_an_account_is_made_with_a_password_from_standard_input(
    staff_driver: StaffDriver, cli: FlaskCliRunner
) -> None:
    words = ["staff", "create", "bob@example.com", "--role", "support", "--password-stdin"]
    result = cli.invoke(args=words, input=PASSWORD + "\n")
    assert result.output == "bob@example.com may sign in as support\n"
    assert staff_driver.browser().sign_in("bob@example.com").status_code == 303


def test_a_taken_address_is_refused(staff_driver: StaffDriver, cli: FlaskCliRunner) -> None:
    staff_driver.member("bob@example.com")
    words = ["staff", "create", "BOB@example.com", "--password-stdin"]
    assert cli.invoke(args=words, input=PASSWORD + "\n").exit_code == 1


def test_disabling_an_account_signs_it_out(staff_driver: StaffDriver, cli: FlaskCliRunner) -> None:
    browser = staff_driver.signed_in(email="bob@example.com")
    cli.invoke(args=["staff", "disable", "bob@example.com"])
    assert browser.get("/staff/password").status_code == 303


@pytest.mark.parametrize("ending", [people.disable_staff, password_links.make_link])
def test_who_lost_the_password_or_the_account_has_no_known_browser(
    staff_driver: StaffDriver, ending: Callable[..., object]
) -> None:
    hers, his = (staff_driver.member(f"{name}@example.com") for name in ("ada", "bob"))
    for staff_id in (hers, his):
        staff_driver.do(atomic(know_browser), staff_id, None)
    staff_driver.do(ending, "ada@example.com", his)
    known = select(KnownBrowser.staff_id).where(KnownBrowser.staff_id.in_([hers, his]))
    assert staff_driver.do(lambda: db.session.scalars(known).all()) == [his]


def test_an_account_is_opened_again(staff_driver: StaffDriver, cli: FlaskCliRunner) -> None:
    staff_driver.member("bob@example.com")
    for command in ("disable", "enable"):
        assert cli.invoke(args=["staff", command, "bob@example.com"]).exit_code == 0
    assert staff_driver.browser().sign_in("bob@example.com").status_code == 303


def test_the_list_shows_role_and_state(staff_driver: StaffDriver, cli: FlaskCliRunner) -> None:
    staff_driver.member("bob@example.com")
    cli.invoke(args=["staff", "role", "bob@example.com", "refunder"])
    assert "bob@example.com  refunder  active" in cli.invoke(args=["staff", "list"]).output


def test_a_change_of_role_is_in_the_history(staff_driver: StaffDriver) -> None:
    staff_driver.member("bob@example.com")
    staff_driver.do(people.change_role, "bob@example.com", "support")
    (entry,) = staff_driver.entries("staff.role_changed")
    assert entry.data == {"from": "viewer", "to": "support"}


def test_the_demo_account_follows_its_password(staff_driver: StaffDriver) -> None:
    staff_driver.do(keep_demo_member, "the first password")
    staff_driver.do(keep_demo_member, "the second password")
    assert (
        staff_driver.browser().sign_in("staff@example.com", "the first password").status_code == 422
    )
    assert (
        staff_driver.browser().sign_in("staff@example.com", "the second password").status_code
        == 303
    )
