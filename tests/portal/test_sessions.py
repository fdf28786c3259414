"""A merchant's session is a row: it ends for every copy of its cookie."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner

from tests.accounts.staff_driver import Browser, StaffDriver
from tests.merchants.connected_merchants import create_merchant
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal

pytestmark = pytest.mark.portable


def copy_of(portal: Portal, browser: Browser) -> Browser:
    thief = portal.browser()
    cookie = browser.client.get_cookie("session")
    assert cookie
    thief.client.set_cookie("session", cookie.value)
    return thief


def is_in(browser: Browser) -> bool:
    return browser.get("/portal/payments").status_code == 200


def test_a_cookie_copied_before_sign_out_is_of_no_use_after(portal: Portal) -> None:
    browser = portal.signed_in(portal.add_merchant())
    thief = copy_of(portal, browser)
    assert is_in(thief)
    browser.post("/portal/leave", "/portal/payments")
    assert (is_in(browser), is_in(thief)) == (False, False)


def test_signing_out_everywhere_ends_every_browser_and_no_other_merchants(portal: Portal) -> None:
    axe, bow = portal.add_merchant(), portal.add_merchant("Bow Ltd", "bow@example.com")
    one, two, other = portal.signed_in(axe), portal.signed_in(axe), portal.signed_in(bow)
    page = one.get("/portal/sessions").text
    assert (page.count(">this one<"), page.count('data-label="Since"')) == (1, 2)
    assert one.post("/portal/leave_everywhere", "/portal/sessions").status_code == 303
    assert [is_in(one), is_in(two), is_in(other)] == [False, False, True]


def test_signing_out_everywhere_spends_the_links_that_were_mailed(portal: Portal) -> None:
    axe, bow = portal.add_merchant(), portal.add_merchant("Bow Ltd", "bow@example.com")
    browser = portal.signed_in(axe)
    paths = [portal.link(merchant).removeprefix(portal.public_url) for merchant in (axe, bow)]
    browser.post("/portal/leave_everywhere", "/portal/sessions")
    assert [portal.browser().post(path, path).status_code for path in paths] == [410, 303]


def test_staff_sign_a_merchant_out(driver: PaymentDriver, portal: Portal) -> None:
    merchant = create_merchant(driver)
    browser, staff = portal.signed_in(merchant), StaffDriver(portal.app)
    support = staff.signed_in("support")
    assert "Sign out everywhere" in support.get("/staff/merchants").text
    path = f"/staff/merchants/{merchant}/session-endings"
    assert support.post(path, "/staff/merchants").status_code == 303
    assert not is_in(browser)
    (entry,) = staff.entries("merchant.signed_out_everywhere")
    assert (entry.subject, entry.actor[:4]) == (merchant, "stf_")


def test_the_terminal_signs_a_merchant_out(portal: Portal, cli: FlaskCliRunner) -> None:
    merchant = portal.add_merchant()
    browser = portal.signed_in(merchant)
    done = cli.invoke(args=["merchants", "sign-out", merchant])
    assert done.output == "1 sessions ended\n"
    assert not is_in(browser)
