"""An administrator lets people in and out, and the history says so."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.accounts import password_links
from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from tests.accounts.staff_driver import Browser, Desk

pytestmark = pytest.mark.portable
PAGE = "/staff/members"
NEW = "another good password"


@atomic
def _wait_an_hour(session: Session) -> None:
    session.execute(update(StaffSession).values(confirmed_at=database_now(-3600)))


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.signed_in("admin")


@pytest.fixture
def bob(desk: Desk) -> Browser:
    return desk.signed_in("support", "bob@example.com")


def bobs_id(desk: Desk) -> str:
    (made,) = (e for e in desk.entries("staff.created") if e.data["role"] == "support")
    assert made.subject
    return made.subject


def link_in(page: str) -> str:
    found = re.search(r"/staff/password/new\?token=[\w.-]+", page)
    assert found
    return found[0]


def use(desk: Desk, link: str, password: str = NEW) -> tuple[Browser, int]:
    browser = desk.browser()
    answer = browser.post(
        "/staff/password/new", "/staff/login", token=link.partition("=")[2], new=password
    )
    return browser, answer.status_code


def test_a_new_member_sets_the_password_by_a_link(desk: Desk, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="Eve@example.com", role="viewer").text)
    browser, status = use(desk, link)
    assert (status, browser.get("/staff").status_code) == (303, 200)
    assert desk.browser().sign_in("eve@example.com", NEW).status_code == 303


def test_a_password_link_works_once(desk: Desk, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    use(desk, link)
    assert desk.browser().get(link).status_code == 410
    assert use(desk, link, "a third good password")[1] == 410


def test_a_password_link_that_is_only_opened_lets_nobody_in(desk: Desk, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    browser = desk.browser()
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert (browser.token, browser.get("/staff").status_code) == (None, 303)
    assert use(desk, link)[1] == 303


def test_a_password_link_needs_the_forms_token(desk: Desk, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    browser = desk.browser()
    form = {"token": link.partition("=")[2], "new": NEW}
    assert browser.client.post("/staff/password/new", data=form).status_code == 400
    assert browser.token is None


def test_a_password_link_says_who_is_signed_in_already(
    desk: Desk, admin: Browser, bob: Browser
) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    assert "You are signed in as bob@example.com" in bob.get(link).text
    assert "You are signed in" not in desk.browser().get(link).text


def test_a_weak_password_is_refused_and_the_link_lives_on(desk: Desk, admin: Browser) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    assert use(desk, link, "short")[1] == 422
    assert use(desk, link)[1] == 303


def test_a_link_dies_of_age(desk: Desk, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_in(admin.post(PAGE, email="eve@example.com", role="viewer").text)
    monkeypatch.setattr(password_links, "LIFE_SECONDS", -1)
    assert desk.browser().get(link).status_code == 410


def test_a_made_up_link_is_refused(desk: Desk) -> None:
    assert desk.browser().get("/staff/password/new?token=made.up").status_code == 410


def test_a_new_link_signs_out_and_voids_the_one_before(
    desk: Desk, admin: Browser, bob: Browser
) -> None:
    address = f"{PAGE}/{bobs_id(desk)}/password-links"
    first, second = (link_in(admin.post(address).text) for _ in range(2))
    assert bob.get("/staff").status_code == 303
    assert desk.browser().get(first).status_code == 410
    assert desk.browser().get(second).status_code == 200


def test_another_role_holds_from_the_next_request(desk: Desk, admin: Browser, bob: Browser) -> None:
    assert bob.get("/staff/alerts").status_code == 200
    admin.post(f"{PAGE}/{bobs_id(desk)}/roles", role="viewer")
    assert bob.get("/staff/alerts").status_code == 403


def test_a_disabled_member_is_signed_out(desk: Desk, admin: Browser, bob: Browser) -> None:
    admin.post(f"{PAGE}/{bobs_id(desk)}/disabling")
    assert bob.get("/staff").status_code == 303
    assert "disabled" in admin.get(PAGE).text


def test_an_enabled_member_signs_in_with_the_password_of_before(
    desk: Desk, admin: Browser, bob: Browser
) -> None:
    for step in ("disabling", "enabling", "enabling"):
        assert admin.post(f"{PAGE}/{bobs_id(desk)}/{step}").status_code == 303
    assert bob.get("/staff").status_code == 303
    assert desk.browser().sign_in("bob@example.com").status_code == 303
    (entry,) = desk.entries("staff.enabled")
    assert entry.actor.startswith("stf_")


def test_a_viewer_may_not_enable_anybody_and_the_try_is_in_the_history(
    desk: Desk, admin: Browser, bob: Browser
) -> None:
    address = f"{PAGE}/{bobs_id(desk)}/enabling"
    admin.post(f"{PAGE}/{bobs_id(desk)}/disabling")
    assert desk.signed_in("viewer").post(address).status_code == 403
    assert desk.browser().sign_in("bob@example.com").status_code == 422
    assert [entry.data["request"] for entry in desk.entries("staff.denied")] == [f"POST {address}"]


def test_every_change_names_its_administrator(desk: Desk, admin: Browser, bob: Browser) -> None:
    id_ = bobs_id(desk)
    admin.post(f"{PAGE}/{id_}/roles", role="viewer")
    admin.post(f"{PAGE}/{id_}/password-links")
    admin.post(f"{PAGE}/{id_}/disabling")
    for what in ("staff.role_changed", "staff.link_made", "staff.disabled"):
        (entry,) = desk.entries(what)
        assert entry.actor.startswith("stf_")
        assert entry.subject == id_


def test_an_administrator_does_not_change_the_own_account(desk: Desk, admin: Browser) -> None:
    (own,) = (e.subject for e in desk.entries("staff.created"))
    assert admin.post(f"{PAGE}/{own}/roles", role="viewer").status_code == 422
    assert admin.post(f"{PAGE}/{own}/disabling").status_code == 422
    assert admin.get(PAGE).status_code == 200


@pytest.mark.parametrize("email", ["bob@example.com", "nobody", "a b@example.com", "@"])
def test_an_address_that_can_t_be_is_refused(admin: Browser, bob: Browser, email: str) -> None:
    assert admin.post(PAGE, email=email, role="viewer").status_code == 422


def test_an_unknown_role_is_refused(desk: Desk, admin: Browser, bob: Browser) -> None:
    assert admin.post(PAGE, email="eve@example.com", role="king").status_code == 422
    assert admin.post(f"{PAGE}/{bobs_id(desk)}/roles", role="king").status_code == 422


def test_the_password_is_asked_for_again_after_a_while(
    desk: Desk, admin: Browser, bob: Browser
) -> None:
    desk.do(_wait_an_hour)
    assert "/staff/confirm" in admin.get(PAGE).location
    for answer in (
        admin.post(PAGE, email="eve@example.com", role="admin"),
        admin.post(f"{PAGE}/{bobs_id(desk)}/disabling"),
    ):
        assert "/staff/confirm" in answer.location
    assert desk.entries("staff.disabled") == []
    assert len(desk.entries("staff.created")) == 2


def test_only_an_administrator_manages_staff(desk: Desk, bob: Browser) -> None:
    assert bob.get(PAGE).status_code == 403
    assert bob.post(PAGE, email="eve@example.com", role="admin").status_code == 403
    assert PAGE not in bob.get("/staff").text


def test_an_unknown_member_is_not_found(admin: Browser) -> None:
    assert admin.post(f"{PAGE}/stf_nobody/disabling").status_code == 404
