"""A code beside the password: set up, asked for, recovered and reset."""

from __future__ import annotations

import re
import secrets
import time

import pyotp
import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app import create_app
from payments_app.accounts.models import RecoveryCode, SecondFactor, StaffSession
from payments_app.config import Config
from payments_app.core import keyring
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.ops.clean_up import clean_up
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own

pytestmark = pytest.mark.portable

PAGE, EMAIL = "/staff/second-factor", "ada@example.com"


@pytest.fixture
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """As in production where a test says so: no stand-in answers for Stripe."""
    outside_the_demo = request.node.get_closest_marker("outside") or "outside" in request.node.name
    return settings | ({"STRIPE_API_BASE": ""} if outside_the_demo else {})


def code_of(secret: str, steps: int = 0) -> str:
    """The app's code, of a step of 30 s from now."""
    return pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + steps)


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    page = browser.get(PAGE).text
    (secret,) = re.findall(r"<code>([A-Z2-7 ]+)</code>", page)
    secret = secret.replace(" ", "")
    done = browser.post(PAGE, PAGE, code=code_of(secret, -1))
    assert done.status_code == 200
    return secret, re.findall(r"<code>([\w-]+)</code>", done.text)


def with_password(staff_driver: StaffDriver) -> Browser:
    """A browser that typed the right password."""
    browser = staff_driver.browser()
    assert browser.sign_in(EMAIL).location == "/staff/login/code"
    return browser


def enter(browser: Browser, code: str) -> int:
    return browser.post("/staff/login/code", "/staff/login/code", code=code).status_code


@pytest.mark.parametrize("role", ["refunder", "admin"])
def test_outside_the_demo_who_moves_money_sets_one_up_first(
    staff_driver: StaffDriver, role: str
) -> None:
    browser = staff_driver.signed_in(role)
    for path in ("/staff", "/staff/payments", "/staff/members"):
        assert browser.get(path).location == PAGE
    program = browser.client.get("/staff/payments", headers={"Accept": "application/json"})
    assert (program.status_code, "second_factor_required" in program.text) == (403, True)
    set_up(browser)
    assert browser.get("/staff/payments").status_code == 200


def test_outside_the_demo_who_only_looks_needs_none(staff_driver: StaffDriver) -> None:
    assert staff_driver.signed_in("viewer").get("/staff/payments").status_code == 200


def test_in_the_demo_nobody_needs_one(staff_driver: StaffDriver) -> None:
    assert staff_driver.signed_in("admin").get("/staff/payments").status_code == 200


def test_the_page_draws_a_code_for_the_app(staff_driver: StaffDriver) -> None:
    page = staff_driver.signed_in(email=EMAIL).get(PAGE).text
    assert "<svg" in page
    assert "style=" not in page


def test_a_wrong_first_code_sets_nothing_up(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in(email=EMAIL)
    before = re.findall(r"<code>([A-Z2-7 ]+)</code>", browser.get(PAGE).text)
    answer = browser.post(PAGE, PAGE, code="000000")
    assert answer.status_code == 422
    assert re.findall(r"<code>([A-Z2-7 ]+)</code>", answer.text) == before
    assert staff_driver.browser().sign_in(EMAIL).location == "/staff"


def test_a_secret_that_another_browser_looked_at_is_not_the_members(
    staff_driver: StaffDriver,
) -> None:
    member = staff_driver.signed_in(email=EMAIL)
    thief = staff_driver.browser()  # who knows the password, and enrols nothing
    thief.sign_in(EMAIL)
    (seen,) = re.findall(r"<code>([A-Z2-7 ]+)</code>", thief.get(PAGE).text)
    secret, _ = set_up(member)
    assert secret != seen.replace(" ", "")
    assert enter(with_password(staff_driver), code_of(secret, 1)) == 303


def test_a_secret_is_completed_by_the_browser_that_began_it(staff_driver: StaffDriver) -> None:
    member = staff_driver.signed_in(email=EMAIL)
    (mine,) = re.findall(r"<code>([A-Z2-7 ]+)</code>", member.get(PAGE).text)
    other = staff_driver.browser()
    other.sign_in(EMAIL)
    code = code_of(mine.replace(" ", ""))
    assert other.post(PAGE, "/staff/password", code=code).status_code == 422
    assert staff_driver.browser().sign_in(EMAIL).location == "/staff"


def test_the_cookie_of_before_the_code_is_of_no_use_after_it(staff_driver: StaffDriver) -> None:
    secret, _ = set_up(staff_driver.signed_in(email=EMAIL))
    browser, copy = with_password(staff_driver), staff_driver.browser()
    assert browser.token
    copy.client.set_cookie("staff", browser.token)
    assert enter(browser, code_of(secret, 1)) == 303
    assert browser.get("/staff/payments").status_code == 200
    assert copy.get("/staff/payments").status_code == 303
    assert copy.get("/staff/login/code").location == "/staff/login"


def test_a_right_password_alone_opens_nothing(staff_driver: StaffDriver) -> None:
    set_up(staff_driver.signed_in(email=EMAIL))
    browser = with_password(staff_driver)
    for path in ("/staff", "/staff/payments", PAGE, "/staff/confirm"):
        assert browser.get(path).location.startswith("/staff/login")
    assert enter(browser, "123") == 422
    assert browser.get("/staff/payments").status_code == 303


def test_the_apps_code_signs_in_and_works_once(staff_driver: StaffDriver) -> None:
    secret, _ = set_up(staff_driver.signed_in(email=EMAIL))
    code = code_of(secret, 1)
    first, second = with_password(staff_driver), with_password(staff_driver)
    assert enter(first, f"{code[:3]} {code[3:]}") == 303
    assert first.get("/staff/payments").status_code == 200
    assert enter(second, code) == 422


def test_a_recovery_code_signs_in_once(staff_driver: StaffDriver) -> None:
    _, codes = set_up(staff_driver.signed_in(email=EMAIL))
    assert len(codes) == 10
    assert enter(with_password(staff_driver), codes[0].upper()) == 303
    assert enter(with_password(staff_driver), codes[0]) == 422
    assert len(staff_driver.entries("staff.second_factor.recovery_code_used")) == 1


def test_new_recovery_codes_replace_those_of_before(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in(email=EMAIL)
    _, old = set_up(browser)
    made = browser.post(f"{PAGE}/recovery-codes", PAGE).text
    new = re.findall(r"<code>([\w-]+)</code>", made)
    assert enter(with_password(staff_driver), old[0]) == 422
    assert enter(with_password(staff_driver), new[0]) == 303


def test_five_wrong_codes_and_even_the_right_one_waits(staff_driver: StaffDriver) -> None:
    secret, codes = set_up(staff_driver.signed_in(email=EMAIL))
    for _ in range(5):  # each after the right password, which forgives no code
        assert enter(with_password(staff_driver), "000000") == 422
    browser = with_password(staff_driver)
    assert [enter(browser, code_of(secret, 1)), enter(browser, codes[0])] == [429, 429]
    assert len(staff_driver.entries("staff.code_failed")) == 5


def test_setting_it_up_ends_the_sessions_without_it(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in(email=EMAIL)
    other = staff_driver.browser()
    other.sign_in(EMAIL)
    set_up(browser)
    assert other.get("/staff/payments").status_code == 303
    assert browser.get("/staff/payments").status_code == 200


def test_setting_it_up_asks_for_the_password_after_a_while(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in(email=EMAIL)
    staff_driver.do(_wait_an_hour)
    assert "/staff/confirm" in browser.get(PAGE).location
    assert browser.post(PAGE, code="000000").location == PAGE


@atomic
def _wait_an_hour(session: Session) -> None:
    session.execute(
        update(StaffSession).where(own(StaffSession)).values(confirmed_at=database_now(-3600))
    )


def test_the_table_holds_neither_secret_nor_codes(staff_driver: StaffDriver) -> None:
    secret, codes = set_up(staff_driver.signed_in(email=EMAIL))
    with staff_driver.app.app_context():
        kept = select(SecondFactor.secret).where(own(SecondFactor))
        stored = db.session.scalars(kept).one()
        hashes = " ".join(db.session.scalars(select(RecoveryCode.code_hash)))
        assert secret not in stored
        assert keyring.decrypt("second factor", stored) == secret
        with pytest.raises(keyring.SealedError):
            keyring.decrypt("another purpose", stored)
    assert not any(code in hashes or code.replace("-", "") in hashes for code in codes)


def test_after_a_change_of_the_key_the_app_s_secret_outlives_the_old_one(
    staff_driver: StaffDriver, settings: dict[str, str]
) -> None:
    """The clean-up of each day encrypts it anew: a fallback may go after a week."""
    secret, _ = set_up(staff_driver.signed_in(email=EMAIL))
    new = {"SECRET_KEY": secrets.token_urlsafe(48)}
    during = new | {"SECRET_KEY_FALLBACKS": settings["SECRET_KEY"]}
    with create_app(Config.from_env(settings | during)).app_context():
        clean_up()
    with create_app(Config.from_env(settings | new)).app_context():
        stored = db.session.scalars(select(SecondFactor.secret).where(own(SecondFactor))).one()
        assert keyring.decrypt("second factor", stored) == secret


def test_a_password_link_asks_for_the_code_too(
    staff_driver: StaffDriver,
) -> None:
    from payments_app.accounts import password_links

    secret, _ = set_up(staff_driver.signed_in(email=EMAIL))
    token = staff_driver.do(password_links.make_link, EMAIL, "ada")
    browser = staff_driver.browser()
    form = {"token": token, "new": "another good password"}
    answer = browser.post("/staff/password/new", "/staff/login", **form)
    assert answer.location == "/staff/login/code"
    assert browser.get("/staff/payments").status_code == 303
    assert enter(browser, code_of(secret, 1)) == 303


def test_an_administrator_resets_it_and_the_history_says_so(staff_driver: StaffDriver) -> None:
    browser, admin = staff_driver.signed_in(email=EMAIL), staff_driver.signed_in("admin")
    set_up(browser)
    page = admin.get("/staff/members").text
    paths = re.findall(r'action="(/staff/members/\w+/second-factor-resets)"', page)
    (path,) = [path for path in paths if "bystander" not in path]
    assert admin.post(path, "/staff/members").status_code == 303
    assert browser.get("/staff/payments").status_code == 303
    assert staff_driver.browser().sign_in(EMAIL).location == "/staff"
    (entry,) = staff_driver.entries("staff.second_factor.reset")
    assert (entry.actor[:4], entry.subject != entry.actor) == ("stf_", True)


def test_an_administrator_does_not_reset_the_own_one(staff_driver: StaffDriver) -> None:
    admin = staff_driver.signed_in("admin", EMAIL)
    set_up(admin)
    (made,) = staff_driver.entries("staff.created")
    path = f"/staff/members/{made.subject}/second-factor-resets"
    assert admin.post(path, "/staff/members").status_code == 422
    assert staff_driver.entries("staff.second_factor.reset") == []


def test_the_terminal_resets_it(staff_driver: StaffDriver, cli: FlaskCliRunner) -> None:
    set_up(staff_driver.signed_in(email=EMAIL))
    for exit_code in (0, 1):
        done = cli.invoke(args=["staff", "reset-second-factor", EMAIL])
        assert done.exit_code == exit_code
    assert staff_driver.browser().sign_in(EMAIL).location == "/staff"
