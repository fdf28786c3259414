"""Who typed the password of before, while it is changed or the account disabled, comes too late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import Connection, event

from parts.postgres import libpq
from parts.process import wait_until
from payments_app.accounts import password_links, people, sign_in
from payments_app.accounts.sessions import find_member
from payments_app.accounts.throttle import Caller
from payments_app.core.extensions import db
from tests.accounts.staff_driver import PASSWORD, StaffDriver

EMAIL, OTHER = "ada@example.com", "another good password"
_WAITING = (
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database()"
)
T = TypeVar("T")


@pytest.fixture
def meanwhile(
    staff_driver: StaffDriver, database_url: str
) -> Callable[[Callable[[], Any], Callable[[], T]], Future[T]]:
    """Do the one thing up to its COMMIT; begin the other; commit once that one waits."""

    def run(change: Callable[[], Any], late: Callable[[], T]) -> Future[T]:
        there, go_on, armed = threading.Event(), threading.Event(), [True]

        def hold(connection: Connection) -> None:
            if connection.get_execution_options().get("writes") and armed:
                armed.clear()
                there.set()
                assert go_on.wait(10)

        event.listen(staff_driver.app.extensions["engine"], "commit", hold)
        with ThreadPoolExecutor(2) as pool, psycopg.connect(libpq(database_url)) as other:
            other.autocommit = True
            changed = pool.submit(staff_driver.do, change)
            assert there.wait(10)
            found = pool.submit(staff_driver.do, late)
            assert wait_until(lambda: other.execute(_WAITING).fetchone() != (0,), within=5)
            go_on.set()
            changed.result(10)
        return found

    return run


def test_a_sign_in_with_the_password_of_before_comes_too_late(
    staff_driver: StaffDriver, meanwhile: Any
) -> None:
    staff_driver.member(EMAIL)
    link = staff_driver.do(password_links.make_link, EMAIL, "admin")
    late = meanwhile(
        lambda: password_links.set_password(link, OTHER, None),
        lambda: sign_in.sign_in(EMAIL, PASSWORD, Caller("198.51.100.1")),
    )
    assert isinstance(late.exception(10), sign_in.WrongPasswordError)


def test_another_password_by_the_one_of_before_is_not_set(
    staff_driver: StaffDriver, meanwhile: Any
) -> None:
    browser = staff_driver.signed_in(email=EMAIL)
    member = staff_driver.do(lambda: find_member(db.session(), browser.token or ""))
    assert member is not None
    link = staff_driver.do(password_links.make_link, EMAIL, "admin")
    late = meanwhile(
        lambda: password_links.set_password(link, OTHER, None),
        lambda: sign_in.change_password(member, PASSWORD, "one more good password"),
    )
    assert isinstance(late.exception(10), sign_in.WrongPasswordError)
    assert staff_driver.browser().sign_in(EMAIL, OTHER).status_code == 303


def test_a_sign_in_while_the_account_is_disabled_is_none_once_it_is_enabled(
    staff_driver: StaffDriver, meanwhile: Any
) -> None:
    staff_driver.member(EMAIL)
    late = meanwhile(
        lambda: people.disable_staff(EMAIL),
        lambda: sign_in.sign_in(EMAIL, PASSWORD, Caller("198.51.100.1")),
    )
    assert isinstance(late.exception(10), sign_in.WrongPasswordError)
