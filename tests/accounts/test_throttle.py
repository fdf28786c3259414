"""Who guesses a password locks out themselves, and never the member in their own browser."""

from __future__ import annotations

import re
import threading

import pytest

from payments_app.accounts import passwords, sign_in
from tests.accounts.staff_driver import HTML, PASSWORD, Browser, StaffDriver

pytestmark = pytest.mark.portable

EMAIL = "ada@example.com"


def at(staff_driver: StaffDriver, address: str) -> Browser:
    """A browser at this address."""
    browser = staff_driver.browser()
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


def guess(staff_driver: StaffDriver, times: int, email: str = EMAIL) -> None:
    """Wrong passwords, five from each address."""
    for number in range(0, times, 5):
        stranger = at(staff_driver, f"198.51.100.{number // 5}")
        for _ in range(min(5, times - number)):
            assert stranger.sign_in(email, "a wrong password").status_code == 422


def csrf_of(browser: Browser) -> str:
    (token,) = re.findall(r'csrf_token" value="([^"]+)', browser.get("/staff/login").text)
    return str(token)


def test_guesses_from_elsewhere_do_not_lock_a_member_out(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    guess(staff_driver, 5)
    assert at(staff_driver, "198.51.100.0").sign_in(EMAIL).status_code == 429
    assert at(staff_driver, "203.0.113.1").sign_in(EMAIL).status_code == 303


def test_guesses_do_not_keep_a_member_from_confirming(staff_driver: StaffDriver) -> None:
    browser = staff_driver.signed_in("refunder", EMAIL)
    browser.client.environ_base["REMOTE_ADDR"] = "198.51.100.0"
    guess(staff_driver, 60 - 10)
    assert browser.post("/staff/confirm", password=PASSWORD).status_code == 303
    assert browser.post("/staff/password", old=PASSWORD, new="x" * 3).status_code == 422


def test_wrong_confirmations_are_counted_by_session(staff_driver: StaffDriver) -> None:
    stolen = staff_driver.signed_in("refunder", EMAIL)
    mine = staff_driver.browser()
    mine.sign_in(EMAIL)
    for path, field in (("/staff/confirm", "password"), ("/staff/password", "old")) * 3:
        form = {field: "a wrong password", "new": "another long password"}
        last = stolen.post(path, **form).status_code
    assert last == 429
    assert stolen.post("/staff/confirm", password=PASSWORD).status_code == 429
    assert mine.post("/staff/confirm", password=PASSWORD).status_code == 303


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_beyond_fifty_an_hour_no_unknown_browser_may_try(
    staff_driver: StaffDriver, email: str
) -> None:
    staff_driver.member()
    guess(staff_driver, 50, email)
    answer = at(staff_driver, "203.0.113.1").sign_in(email)
    assert (answer.status_code, "Too many attempts" in answer.text) == (429, True)


def test_a_browser_that_signed_in_before_may_try_all_the_same(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    mine = at(staff_driver, "198.51.100.0")  # an address that somebody guesses from, too
    mine.sign_in(EMAIL)
    mine.post("/staff/logout")
    guess(staff_driver, 50)
    assert mine.sign_in(EMAIL).status_code == 303


def test_who_shares_the_address_of_a_known_browser_does_not_keep_it_out(
    staff_driver: StaffDriver,
) -> None:
    staff_driver.member()
    mine = at(staff_driver, "198.51.100.0")
    mine.sign_in(EMAIL)
    mine.post("/staff/logout")
    stranger = at(staff_driver, "198.51.100.0")
    form = {"csrf_token": csrf_of(stranger), "token": "link_forged"}
    for _ in range(61):
        last = stranger.client.post("/staff/password/new", data=form, headers=HTML).status_code
    assert last == 429
    assert mine.sign_in(EMAIL).status_code == 303
    assert at(staff_driver, "198.51.100.0").sign_in(EMAIL).status_code == 429


def test_a_known_browser_is_counted_by_itself(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    mine = at(staff_driver, "203.0.113.1")
    mine.sign_in(EMAIL)
    mine.post("/staff/logout")
    statuses = [mine.sign_in(EMAIL, "wrong").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert at(staff_driver, "203.0.113.1").sign_in(EMAIL).status_code == 303


def test_a_browser_is_known_for_its_own_member_alone(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    staff_driver.member("eve@example.com")
    eve = at(staff_driver, "203.0.113.1")
    eve.sign_in("eve@example.com")
    eve.post("/staff/logout")
    guess(staff_driver, 50)
    assert eve.sign_in(EMAIL).status_code == 429


def test_a_success_takes_back_no_others_guesses(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    guess(staff_driver, 48)
    assert at(staff_driver, "203.0.113.1").sign_in(EMAIL).status_code == 303
    stranger = at(staff_driver, "203.0.113.2")
    statuses = [stranger.sign_in(EMAIL, "wrong").status_code for _ in range(3)]
    assert statuses == [422, 422, 429]


def test_the_token_of_a_known_browser_is_out_of_reach_of_scripts(staff_driver: StaffDriver) -> None:
    staff_driver.member()
    answer = staff_driver.browser().sign_in(EMAIL)
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("staff_browser=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert HTML


def test_strangers_passwords_hold_so_many_threads_and_no_more(
    staff_driver: StaffDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look at one takes long: buyers waited for the threads. A known browser may try."""
    staff_driver.member()
    mine = at(staff_driver, "203.0.113.1")
    mine.sign_in(EMAIL)
    mine.post("/staff/logout")
    looked_at, let_go = threading.Semaphore(0), threading.Event()
    matches = passwords.matches

    def slowly(password_hash: str | None, password: str) -> bool:
        if password == "slow":
            looked_at.release()
            assert let_go.wait(60)
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "matches", slowly)
    strangers = [
        threading.Thread(target=at(staff_driver, f"198.51.100.{n}").sign_in, args=(EMAIL, "slow"))
        for n in range(sign_in.AT_ONCE)
    ]
    for each in strangers:
        each.start()
    assert all(looked_at.acquire(timeout=60) for _ in strangers)
    busy = at(staff_driver, "198.51.100.9").sign_in(EMAIL)
    known = mine.sign_in(EMAIL)
    let_go.set()
    for each in strangers:
        each.join(60)
    assert (busy.status_code, "Try again in a moment" in busy.text) == (429, True)
    assert known.status_code == 303
    assert at(staff_driver, "198.51.100.9").sign_in(EMAIL).status_code == 303
