"""Signing in: who gets a session, and what a wrong guess learns."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from parts.settings import NO_CACHE, NO_REDIS
from payments_app.accounts import passwords, people, throttle
from payments_app.accounts.models import SignInTries, StaffSession
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from tests.accounts.staff_driver import PASSWORD, StaffDriver
from tests.bystanders import own
from tests.core.email_forms import FORMS, ONE

pytestmark = pytest.mark.portable


@atomic
def _age(session: Session, column: str, seconds: int) -> None:
    session.execute(
        update(StaffSession).where(own(StaffSession)).values({column: database_now(-seconds)})
    )


@atomic
def _age_tries(session: Session, seconds: int) -> None:
    session.execute(
        update(SignInTries).where(own(SignInTries)).values(since=database_now(-seconds))
    )


@atomic
def _stored(session: Session) -> str:
    rows = session.execute(text("SELECT token_hash FROM pay_staff_sessions"))
    return " ".join(row.token_hash for row in rows)


def guess(staff_driver: StaffDriver, email: str) -> bool:
    """Whether another password may be tried from the address of `staff_driver`'s browsers."""
    try:
        staff_driver.do(throttle.claim_try, throttle.PASSWORD, email, throttle.Caller("127.0.0.1"))
    except throttle.TooManyTriesError:
        return False
    return True


def test_the_right_password_opens_the_dashboard(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    browser = staff_driver.browser()
    answer = browser.sign_in("Ada@Example.com ")
    assert (answer.status_code, answer.location) == (303, "/staff")
    assert browser.get("/staff/password").status_code == 200


def test_the_cookie_is_strict_and_out_of_reach_of_scripts(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    cookie = staff_driver.browser().sign_in("ada@example.com").headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/" in cookie


def test_the_database_does_not_hold_the_token(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    browser = staff_driver.browser()
    browser.sign_in("ada@example.com")
    assert browser.token
    assert browser.token not in staff_driver.do(_stored)


def test_signing_in_gives_a_new_token_and_ends_the_old_session(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in(email="ada@example.com")
    old = browser.token
    token = browser.post("/staff/login", email="ada@example.com", password=PASSWORD)
    assert token.status_code == 303
    assert browser.token != old
    stranger = staff_driver.browser()
    stranger.client.set_cookie("staff", old or "")
    assert stranger.get("/staff/password").status_code == 303


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_wrong_guess_reads_the_same_whether_or_not_the_account_exists(
    staff_driver: StaffDriver, email: str
) -> None:
    staff_driver.member()
    answer = staff_driver.browser().sign_in(email, "wrong password")
    assert answer.status_code == 422
    assert "The e-mail or password is wrong." in answer.text


def test_an_unknown_account_costs_a_hash_as_well(
    staff_driver: StaffDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Watched:
        hash = passwords._hasher.hash

        def verify(self, hash: str, password: str) -> bool:
            checked.append(hash)
            return verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Watched())
    staff_driver.browser().sign_in("nobody@example.com")
    assert len(checked) == 1


def test_a_disabled_account_can_not_sign_in(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    staff_driver.do(people.disable_staff, "ada@example.com")
    assert staff_driver.browser().sign_in("ada@example.com").status_code == 422


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_after_five_wrong_guesses_even_the_right_one_waits(
    staff_driver: StaffDriver, email: str
) -> None:
    staff_driver.member()
    for _ in range(5):
        assert guess(staff_driver, email)
    answer = staff_driver.browser().sign_in(email)
    assert answer.status_code == 429
    assert "Too many attempts" in answer.text


def test_the_wait_is_over_after_fifteen_minutes(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    for _ in range(6):
        guess(staff_driver, "ada@example.com")
    staff_driver.do(_age_tries, 15 * 60 + 1)
    assert staff_driver.browser().sign_in("ada@example.com").status_code == 303


def test_a_success_forgives_the_failures_before(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    for _ in range(4):
        guess(staff_driver, "ada@example.com")
    staff_driver.browser().sign_in("ada@example.com")
    assert all(guess(staff_driver, "ada@example.com") for _ in range(5))


def test_parallel_guesses_get_no_more_tries_than_others(staff_driver: StaffDriver) -> None:
    with ThreadPoolExecutor(8) as pool:
        tries = pool.map(lambda _: guess(staff_driver, "ada@example.com"), range(16))
        assert sum(tries) == 5


@pytest.fixture
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    if "without_redis" not in request.node.name:
        return settings
    return settings | {"REDIS_URL": NO_REDIS, "CACHE_REDIS_URL": NO_CACHE}


def test_guesses_are_counted_without_redis(staff_driver: StaffDriver) -> None:
    browser = staff_driver.browser()
    statuses = [browser.sign_in("x@example.com", "wrong").status_code for _ in range(6)]
    assert statuses == [422, 422, 422, 422, 422, 429]


@pytest.mark.parametrize(("column", "seconds"), [("seen_at", 1801), ("created_at", 8 * 3600 + 1)])
def test_a_session_ends_by_itself(staff_driver: StaffDriver, column: str, seconds: int) -> None:
    browser = staff_driver.signed_in()
    staff_driver.do(_age, column, seconds)
    assert browser.get("/staff/password").location.startswith("/staff/login")


def test_using_the_dashboard_keeps_the_session_awake(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in()
    staff_driver.do(_age, "seen_at", 1700)
    browser.get("/staff/password")
    staff_driver.do(_age, "confirmed_at", 1)
    assert browser.get("/staff/password").status_code == 200
    assert staff_driver.do(_fresh)


@atomic
def _fresh(session: Session) -> bool:
    return bool(
        session.query(StaffSession.seen_at > database_now(-60)).where(own(StaffSession)).scalar()
    )


def test_signing_out_ends_the_session_on_the_server(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in()
    token = browser.token or ""
    browser.post("/staff/logout")
    browser.client.set_cookie("staff", token)
    assert browser.get("/staff/password").status_code == 303


def test_a_new_password_signs_out_every_other_browser(staff_driver: StaffDriver) -> None:
    browser, other = staff_driver.signed_in(email="ada@example.com"), staff_driver.browser()
    other.sign_in("ada@example.com")
    browser.post("/staff/password", old=PASSWORD, new="another long password")
    assert browser.get("/staff/password").status_code == 200
    assert other.get("/staff/password").status_code == 303


def test_a_short_new_password_is_refused(staff_driver: StaffDriver) -> None:
    answer = staff_driver.signed_in().post("/staff/password", old=PASSWORD, new="short")
    assert answer.status_code == 422
    assert "at least 12" in answer.text


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/staff/\\evil", "/"])
def test_signing_in_leads_nowhere_but_to_the_dashboard(
    staff_driver: StaffDriver, next_: str
) -> None:
    staff_driver.member()
    assert staff_driver.browser().sign_in("ada@example.com", next=next_).location == "/staff"


def test_a_form_without_its_token_is_refused(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    form = {"email": "ada@example.com", "password": PASSWORD}
    assert staff_driver.browser().client.post("/staff/login", data=form).status_code == 400


def test_the_hash_is_argon2id(staff_driver: StaffDriver) -> None:
    assert staff_driver.staff(staff_driver.member()).password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("typed", FORMS)
def test_whoever_types_the_address_in_another_form_gets_in(
    staff_driver: StaffDriver, typed: str
) -> None:
    staff_driver.member("mu\u0308ller@XN--BCHER-KVA.example")
    assert staff_driver.browser().sign_in(typed).location == "/staff"
    with pytest.raises(ValueError, match="has an account already"):
        staff_driver.member(typed)


def test_tries_are_counted_for_all_forms_of_an_address(staff_driver: StaffDriver) -> None:
    for n in range(throttle.MAX_FAILURES):
        assert guess(staff_driver, FORMS[n % len(FORMS)])
    assert not guess(staff_driver, ONE)


def test_the_first_unknown_account_costs_one_hash_as_all_do() -> None:
    """Of a process that has just begun; more would tell that there is no such account."""
    words = (
        "from argon2 import PasswordHasher as P; made = []; inner = P.hash;"
        "P.hash = lambda *given: made.append(given) or inner(*given);"
        "from payments_app.accounts.passwords import matches;"
        "print(matches(None, 'whatever'), len(made))"
    )
    ran = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert ran.stdout == "False 0\n"
