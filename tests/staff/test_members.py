"""An administrator lets people in and out, and the history says so."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web.one_time_links import OneTimeLink
from tests.accounts.staff_driver import PASSWORD, Browser, StaffDriver
from tests.bystanders import own

pytestmark = pytest.mark.portable
PAGE = "/staff/members"
NEW = "another good password"


@atomic
def _wait_an_hour(session: Session) -> None:
    session.execute(
        update(StaffSession).where(own(StaffSession)).values(confirmed_at=database_now(-3600))
    )


@atomic
def _age_links(session: Session, seconds: int) -> None:
    for link in session.scalars(select(OneTimeLink).where(own(OneTimeLink))):
        link.expires_at -= dt.timedelta(seconds=seconds)


@atomic
def _everything(session: Session) -> str:
    tables = db.metadata.sorted_tables
    return " ".join(str(row) for table in tables for row in session.execute(table.select()))


@pytest.fixture
def admin(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("admin")


@pytest.fixture
def bob(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("support", "bob@example.com")


def bobs_id(staff_driver: StaffDriver) -> str:
    (made,) = (e for e in staff_driver.entries("staff.created") if e.data["role"] == "support")
    assert made.subject
    return made.subject


def link_in(page: str) -> str:
    found = re.search(r"/staff/password/new\?token=[\w.-]+", page)
    assert found
    return found[0]


def use(staff_driver: StaffDriver, link: str, password: str = NEW) -> tuple[Browser, int]:
    browser = staff_driver.browser()
    answer = browser.post(
        "/staff/password/new", "/staff/login", token=link.partition("=")[2], new=password
    )
    return browser, answer.status_code


def test_a_new_member_sets_the_password_by_a_link(
    staff_driver: StaffDriver, admin: Browser
) -> None:
    link = link_in(admin.post(PAGE, email="Eve@example.com", role="viewer").text)
    browser, status = use(staff_driver, link)
    assert (status, browser.get("/staff").status_code) == (303, 200)
    assert staff_driver.browser().sign_in("eve@example.com", NEW).status_code == 303


def test_a_password_link_works_once(staff_driver: StaffDriver, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    use(staff_driver, link)
    assert staff_driver.browser().get(link).status_code == 410
    assert use(staff_driver, link, "a third good password")[1] == 410


def test_a_password_link_that_is_only_opened_lets_nobody_in(
    staff_driver: StaffDriver, admin: Browser
) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    browser = staff_driver.browser()
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert (browser.token, browser.get("/staff").status_code) == (None, 303)
    assert use(staff_driver, link)[1] == 303


def test_a_password_link_needs_the_forms_token(staff_driver: StaffDriver, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    browser = staff_driver.browser()
    form = {"token": link.partition("=")[2], "new": NEW}
    assert browser.client.post("/staff/password/new", data=form).status_code == 400
    assert browser.token is None


def test_a_password_link_signs_out_whoever_was_signed_in_there(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    """Their cookie is gone, so they could not sign out themselves: a copy of it worked on."""
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    copy = staff_driver.browser()
    copy.client.set_cookie("staff", bob.token or "")
    assert copy.get("/staff").status_code == 200
    answer = bob.post("/staff/password/new", link, token=link.partition("=")[2], new=NEW)
    assert (answer.status_code, copy.get("/staff").status_code) == (303, 303)
    assert (bob.get("/staff").status_code, admin.get("/staff").status_code) == (200, 200)


def test_a_password_link_says_who_is_signed_in_already(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    assert "You are signed in as bob@example.com" in bob.get(link).text
    assert "You are signed in" not in staff_driver.browser().get(link).text


def test_a_weak_password_is_refused_and_the_link_lives_on(
    staff_driver: StaffDriver, admin: Browser
) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    assert use(staff_driver, link, "short")[1] == 422
    assert use(staff_driver, link)[1] == 303


def test_a_link_dies_of_age(staff_driver: StaffDriver, admin: Browser) -> None:
    page = admin.post(PAGE, email="eve@example.com", role="viewer").text
    link = link_in(page)
    assert "once, for 15 minutes." in page
    staff_driver.do(_age_links, 14 * 60)
    assert staff_driver.browser().get(link).status_code == 200
    staff_driver.do(_age_links, 61)
    assert staff_driver.browser().get(link).status_code == 410


def test_no_table_holds_a_password_link(staff_driver: StaffDriver, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    assert link.partition("=")[2] not in staff_driver.do(_everything)
    assert use(staff_driver, link)[1] == 303


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_does_not_spend_a_password_link(
    staff_driver: StaffDriver, admin: Browser, method: str
) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    for _ in range(3):
        assert staff_driver.browser().client.open(link, method=method).status_code == 200
    assert use(staff_driver, link)[1] == 303


def test_a_changed_password_ends_the_link_of_before(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    link = link_in(admin.post(f"{PAGE}/{bobs_id(staff_driver)}/password-links").text)
    again = staff_driver.browser()
    again.sign_in("bob@example.com")
    again.post("/staff/password", old=PASSWORD, new=NEW)
    assert staff_driver.browser().get(link).status_code == 410


def test_a_page_of_a_link_names_itself_to_nobody(staff_driver: StaffDriver, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    for path in (link, "/account/x", "/downloads/x", "/onboarding/x"):
        answer = staff_driver.browser().get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer", path


def test_a_made_up_link_is_refused(staff_driver: StaffDriver) -> None:
    assert staff_driver.browser().get("/staff/password/new?token=made.up").status_code == 410


def test_a_new_link_signs_out_and_voids_the_one_before(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    address = f"{PAGE}/{bobs_id(staff_driver)}/password-links"
    first, second = (link_in(admin.post(address).text) for _ in range(2))
    assert bob.get("/staff").status_code == 303
    assert staff_driver.browser().get(first).status_code == 410
    assert staff_driver.browser().get(second).status_code == 200


def test_another_role_holds_from_the_next_request(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    assert bob.get("/staff/alerts").status_code == 200
    admin.post(f"{PAGE}/{bobs_id(staff_driver)}/roles", role="viewer")
    assert bob.get("/staff/alerts").status_code == 403


def test_a_disabled_member_is_signed_out(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    admin.post(f"{PAGE}/{bobs_id(staff_driver)}/disabling")
    assert bob.get("/staff").status_code == 303
    assert "disabled" in admin.get(PAGE).text


def test_an_enabled_member_signs_in_with_the_password_of_before(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    for step in ("disabling", "enabling", "enabling"):
        assert admin.post(f"{PAGE}/{bobs_id(staff_driver)}/{step}").status_code == 303
    assert bob.get("/staff").status_code == 303
    assert staff_driver.browser().sign_in("bob@example.com").status_code == 303
    (entry,) = staff_driver.entries("staff.enabled")
    assert entry.actor.startswith("stf_")


def test_a_viewer_may_not_enable_anybody_and_the_try_is_in_the_history(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    address = f"{PAGE}/{bobs_id(staff_driver)}/enabling"
    admin.post(f"{PAGE}/{bobs_id(staff_driver)}/disabling")
    assert staff_driver.signed_in("viewer").post(address).status_code == 403
    assert staff_driver.browser().sign_in("bob@example.com").status_code == 422
    assert [entry.data["request"] for entry in staff_driver.entries("staff.denied")] == [
        f"POST {address}"
    ]


def test_every_change_names_its_administrator(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    id_ = bobs_id(staff_driver)
    admin.post(f"{PAGE}/{id_}/roles", role="viewer")
    admin.post(f"{PAGE}/{id_}/password-links")
    admin.post(f"{PAGE}/{id_}/disabling")
    for what in ("staff.role_changed", "staff.link_made", "staff.disabled"):
        (entry,) = staff_driver.entries(what)
        assert entry.actor.startswith("stf_")
        assert entry.subject == id_


def test_an_administrator_does_not_change_the_own_account(
    staff_driver: StaffDriver, admin: Browser
) -> None:
    (own,) = (e.subject for e in staff_driver.entries("staff.created"))
    assert admin.post(f"{PAGE}/{own}/roles", role="viewer").status_code == 422
    assert admin.post(f"{PAGE}/{own}/disabling").status_code == 422
    assert admin.get(PAGE).status_code == 200


@pytest.mark.parametrize("email", ["bob@example.com", "nobody", "a b@example.com", "@"])
def test_an_address_that_can_t_be_is_refused(admin: Browser, bob: Browser, email: str) -> None:
    assert admin.post(PAGE, email=email, role="viewer").status_code == 422


def test_an_unknown_role_is_refused(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    assert admin.post(PAGE, email="eve@example.com", role="king").status_code == 422
    assert admin.post(f"{PAGE}/{bobs_id(staff_driver)}/roles", role="king").status_code == 422


def test_the_password_is_asked_for_again_after_a_while(
    staff_driver: StaffDriver, admin: Browser, bob: Browser
) -> None:
    staff_driver.do(_wait_an_hour)
    assert "/staff/confirm" in admin.get(PAGE).location
    for answer in (
        admin.post(PAGE, email="eve@example.com", role="admin"),
        admin.post(f"{PAGE}/{bobs_id(staff_driver)}/disabling"),
    ):
        assert "/staff/confirm" in answer.location
    assert staff_driver.entries("staff.disabled") == []
    assert len(staff_driver.entries("staff.created")) == 2


def test_only_an_administrator_manages_staff(staff_driver: StaffDriver, bob: Browser) -> None:
    assert bob.get(PAGE).status_code == 403
    assert bob.post(PAGE, email="eve@example.com", role="admin").status_code == 403
    assert PAGE not in bob.get("/staff").text


def test_an_unknown_member_is_not_found(admin: Browser) -> None:
    assert admin.post(f"{PAGE}/stf_nobody/disabling").status_code == 404
