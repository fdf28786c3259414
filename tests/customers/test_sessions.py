"""A buyer's session is a row: it ends for every copy of its cookie."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from payments_app.core.db.clock import database_now
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.customers.models import Customer
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.checkout.keyed import buy, made, refusal
from tests.customers.mailed_link import known, mailed, press_continue
from tests.customers.shoppers import customer, press
from tests.reconcile.books import execute

pytestmark = pytest.mark.portable


@pytest.fixture
def ada(checkout: CheckoutClient) -> FlaskClient:
    """A browser that is known as hers, who has paid once."""
    checkout.pay()
    return known(checkout)


def copy_of(checkout: CheckoutClient, browser: FlaskClient) -> FlaskClient:
    """Another browser with the same cookie."""
    thief = checkout.stranger()
    cookie = browser.get_cookie("session")
    assert cookie
    thief.set_cookie("session", cookie.value)
    return thief


def is_known(browser: FlaskClient) -> bool:
    return "Your cards</h1>" in browser.get("/account", headers=BROWSER).text


def test_a_cookie_copied_before_sign_out_is_of_no_use_after(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    thief = copy_of(checkout, ada)
    assert is_known(thief)
    assert press(ada, "/account/leave") == 303
    assert (is_known(ada), is_known(thief)) == (False, False)


def end_session(checkout: CheckoutClient, browser: FlaskClient, way: str) -> None:
    """Ada's, in this browser."""
    if way == "by staff":
        staff = StaffDriver(checkout.app).signed_in("support")
        page = f"/staff/customers/{customer(checkout).id}"
        staff.post(f"{page}/session-endings", page)
    elif way == "another's link":
        known(checkout, "grace@example.com", browser=browser)
    else:
        press(browser, f"/account/{way}")


@pytest.mark.parametrize("way", ["leave", "leave_everywhere", "by staff", "another's link"])
def test_with_the_session_ends_what_its_payments_pages_show(
    checkout: CheckoutClient, way: str
) -> None:
    checkout.pay(email="grace@example.com")
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    paid = checkout.pay(item="enamel-mug")
    thief = copy_of(checkout, browser)
    assert checkout.status(paid, thief)["email"] == "ada@example.com"
    end_session(checkout, browser, way)
    for each in (browser, thief):
        assert "email" not in checkout.status(paid, each)
        assert "ada@" not in each.get("/thankyou", headers=BROWSER).text


@pytest.mark.parametrize("way", ["leave", "by staff", "another's link"])
def test_a_session_whose_time_is_over_ends_as_well(checkout: CheckoutClient, way: str) -> None:
    """Nobody is known by it any more; the browser still has the name by which it pays."""
    checkout.pay(email="grace@example.com")
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    paid = checkout.pay(item="enamel-mug")
    other = checkout.stranger()
    known(checkout, "grace@example.com", browser=other)
    thief = copy_of(checkout, browser)
    hers = VisitorSession.address == "ada@example.com"
    with checkout.app.app_context():
        execute(update(VisitorSession).where(hers).values(expires_at=database_now(-1)))
    assert checkout.status(paid, thief)["email"] == "ada@example.com"
    end_session(checkout, browser, way)
    later = checkout.pay(item="canvas-bag")
    assert checkout.status(later)["email"] == "ada@example.com"
    for each, what in ((browser, paid), (thief, paid), (thief, later)):
        assert "email" not in checkout.status(what, each)
    assert is_known(other)


def test_who_signs_out_goes_on_with_a_payment_that_waits_for_the_bank(
    checkout: CheckoutClient,
) -> None:
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    waits = checkout.pay("pm_card_authenticationRequired", item="enamel-mug")
    press(browser, "/account/leave")
    assert checkout.status(waits)["client_secret"]


@pytest.mark.parametrize("way", ["leave", "leave_everywhere", "another's link"])
def test_a_cookie_copied_before_sign_out_shows_nothing_that_is_paid_after(
    checkout: CheckoutClient, way: str
) -> None:
    checkout.pay(email="grace@example.com")
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    under_way = str(checkout.post(item="enamel-mug").json["id"])
    thief = copy_of(checkout, browser)
    if way == "another's link":
        known(checkout, "grace@example.com", browser=browser)
    else:
        press(browser, f"/account/{way}")
    later = checkout.pay(item="canvas-bag")
    for paid in (under_way, later):
        assert checkout.status(paid)["email"] == "ada@example.com"
    known(checkout, browser=browser)
    again = checkout.pay(item="tea-tin")
    for paid in (under_way, later, again):
        assert "email" not in checkout.status(paid, thief)


@pytest.mark.parametrize("way", ["by staff", "another browser", "another browser and back"])
def test_a_cookie_copied_before_a_sign_out_from_elsewhere_shows_nothing_that_is_paid_after(
    checkout: CheckoutClient, way: str
) -> None:
    """Neither does the browser itself, of what was under way then: a copy could say the same."""
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    under_way = str(checkout.post(item="enamel-mug").json["id"])
    thief = copy_of(checkout, browser)
    if way == "by staff":
        staff = StaffDriver(checkout.app).signed_in("support")
        page = f"/staff/customers/{customer(checkout).id}"
        staff.post(f"{page}/session-endings", page)
    else:
        press(known(checkout), "/account/leave_everywhere")
    if way == "another browser and back":
        known(checkout, browser=browser)
    later = checkout.pay(item="canvas-bag")
    assert checkout.status(later)["email"] == "ada@example.com"
    for paid in (under_way, later):
        assert "email" not in checkout.status(paid, thief)
    assert "ada@" not in thief.get("/thankyou", headers=BROWSER).text


def test_who_is_signed_out_from_elsewhere_goes_on_with_a_payment_that_waits_for_the_bank(
    checkout: CheckoutClient,
) -> None:
    checkout.pay()
    known(checkout, browser=checkout.client)
    waits = checkout.pay("pm_card_authenticationRequired", item="enamel-mug")
    press(known(checkout), "/account/leave_everywhere")
    for _ in range(2):
        assert checkout.status(waits)["client_secret"]


def test_a_form_of_before_the_sign_out_pays_nothing_after_it(checkout: CheckoutClient) -> None:
    """Its key was this browser's by a name that it has no more: it would be paid twice."""
    checkout.pay()
    known(checkout, browser=checkout.client)
    form = checkout.form()
    assert checkout.send(form).status_code == 303
    press(checkout.client, "/account/leave")
    before = checkout.count()
    assert (checkout.send(form).status_code, checkout.count()) == (400, before)


def test_another_browser_stays_signed_in(checkout: CheckoutClient, ada: FlaskClient) -> None:
    other = known(checkout)
    press(ada, "/account/leave")
    assert is_known(other)


def test_signing_out_everywhere_ends_every_browser(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    other = known(checkout)
    assert press(ada, "/account/leave_everywhere") == 303
    assert (is_known(ada), is_known(other)) == (False, False)


def test_signing_out_everywhere_spends_the_links_that_were_mailed(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    checkout.pay(email="grace@example.com")
    hers, graces = mailed(checkout), mailed(checkout, "grace@example.com")
    press(ada, "/account/leave_everywhere")
    assert press_continue(checkout.stranger(), hers).status_code == 410
    assert press_continue(checkout.stranger(), graces).status_code == 303


def test_nobody_signs_another_customer_out(checkout: CheckoutClient, ada: FlaskClient) -> None:
    checkout.pay(email="grace@example.com")
    grace = known(checkout, "grace@example.com")
    press(grace, "/account/leave_everywhere")
    assert press(grace, "/account/leave_everywhere") == 404
    assert is_known(ada)


def test_another_address_ends_the_sessions_of_the_old_one(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    with checkout.app.app_context():
        execute(update(Customer).where(own(Customer)).values(email="new@example.com"))
    assert not is_known(ada)


def test_a_new_link_ends_the_session_that_this_browser_had(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    thief = copy_of(checkout, ada)
    known(checkout, browser=ada)
    assert (is_known(ada), is_known(thief)) == (True, False)


def test_the_owner_reads_where_they_are_signed_in(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    other = checkout.stranger()
    other.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
    known(checkout, browser=other)
    page = ada.get("/account", headers=BROWSER).text
    assert "Firefox on Windows" in page
    assert page.count("This browser") == 1


def test_a_session_ends_after_a_day(checkout: CheckoutClient, ada: FlaskClient) -> None:
    with checkout.app.app_context():
        execute(
            update(VisitorSession).where(own(VisitorSession)).values(expires_at=database_now(-1))
        )
    assert not is_known(ada)


def test_staff_sign_a_customer_out_and_the_history_names_them(
    checkout: CheckoutClient, ada: FlaskClient
) -> None:
    staff = StaffDriver(checkout.app)
    support, page = staff.signed_in("support"), f"/staff/customers/{customer(checkout).id}"
    assert "Sign out everywhere" in support.get(page).text
    assert support.post(f"{page}/session-endings", page).status_code == 303
    assert not is_known(ada)
    (entry,) = staff.entries("customer.signed_out_everywhere")
    assert (entry.kind, entry.actor[:4], entry.data) == ("staff", "stf_", {"sessions": 1})


def test_who_may_only_look_signs_nobody_out(checkout: CheckoutClient, ada: FlaskClient) -> None:
    viewer = StaffDriver(checkout.app).signed_in("viewer")
    page = f"/staff/customers/{customer(checkout).id}"
    assert "Sign out everywhere" not in viewer.get(page).text
    assert viewer.post(f"{page}/session-endings", page).status_code == 403
    assert is_known(ada)


def test_a_cookie_of_the_release_before_is_nobodys(checkout: CheckoutClient) -> None:
    checkout.pay()
    browser = checkout.stranger()
    with browser.session_transaction() as cookie:
        cookie["customer"] = {"id": customer(checkout).id, "until": 2**40}
    assert not is_known(browser)


@pytest.mark.parametrize("way", ["leave", "leave_everywhere", "another browser", "another's link"])
def test_json_of_before_the_sign_out_pays_nothing_after_it(
    checkout: CheckoutClient, way: str
) -> None:
    """Its answer was lost, and its key was this browser's by a name that it has no more."""
    checkout.pay(email="grace@example.com")
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    made(buy(browser, "lost"))
    if way == "another browser":
        press(known(checkout), "/account/leave_everywhere")
    elif way == "another's link":
        known(checkout, "grace@example.com", browser=browser)
    else:
        press(browser, f"/account/{way}")
    before = checkout.count()
    for _ in range(2):
        assert refusal(buy(browser, "lost")) == (400, "form_expired")
    assert checkout.count() == before
    made(buy(browser, "new"))
    made(buy(checkout.stranger(), "lost"))
    assert checkout.count() == before + 2
