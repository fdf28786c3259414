"""A mailed link asks whose pages are meant; only its button makes a browser known."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import one_time_links
from payments_app.core.web.link_requests import LinkRequest
from payments_app.customers.ask_for_link import ask_for_link
from payments_app.customers.models import Customer
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.core.email_forms import FORMS, ONE
from tests.customers.mailed_link import known, mailed, press_continue

pytestmark = pytest.mark.portable
CHECKOUT = "/checkout/field-notes"


@pytest.fixture
def link(checkout: CheckoutClient) -> str:
    """Ada's, who has paid once; grace has too."""
    checkout.pay(email="grace@example.com")
    checkout.pay()
    return mailed(checkout)


def typed_address(browser: FlaskClient, path: str = CHECKOUT) -> str:
    """What stands in the checkout's e-mail field."""
    page = browser.get(path, headers=BROWSER).text
    field = page.partition('id="email"')[2].partition(">")[0]
    return field.partition('value="')[2].partition('"')[0]


def is_known(browser: FlaskClient) -> bool:
    return "E-mail me a sign-in link" not in browser.get("/account", headers=BROWSER).text


def test_a_link_that_is_only_opened_makes_nobody_known(checkout: CheckoutClient, link: str) -> None:
    browser = checkout.stranger()
    answer = browser.get(link, headers=BROWSER)
    assert (answer.status_code, is_known(browser)) == (200, False)


def test_a_link_that_is_only_opened_fills_no_checkout(checkout: CheckoutClient, link: str) -> None:
    browser = checkout.stranger()
    browser.get(link, headers=BROWSER)
    assert typed_address(browser) == ""


def test_after_the_button_the_checkout_is_filled(checkout: CheckoutClient, link: str) -> None:
    browser = checkout.stranger()
    assert press_continue(browser, link).location == "/account"
    assert typed_address(browser) == "ada@example.com"


def test_the_page_names_the_address_but_not_all_of_it(checkout: CheckoutClient, link: str) -> None:
    page = checkout.stranger().get(link, headers=BROWSER).text
    assert "a...@<wbr>example.com</bdi>?" in page
    assert "ada@" not in page


def test_the_page_is_kept_by_no_cache_and_listed_nowhere(
    checkout: CheckoutClient, link: str
) -> None:
    headers = checkout.stranger().get(link, headers=BROWSER).headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("form", [{}, {"csrf_token": "forged"}])
def test_the_button_needs_the_forms_token(
    checkout: CheckoutClient, link: str, form: dict[str, str]
) -> None:
    browser = checkout.stranger()
    browser.get(link, headers=BROWSER)
    assert browser.post(link, data=form, headers=BROWSER).status_code == 400
    assert not is_known(browser)


def test_another_browsers_token_presses_nothing(checkout: CheckoutClient, link: str) -> None:
    theirs = checkout.stranger().get(link, headers=BROWSER).text
    token = dict(FIELD.findall(theirs))["csrf_token"]
    browser = checkout.stranger()
    assert browser.post(link, data={"csrf_token": token}, headers=BROWSER).status_code == 400
    assert not is_known(browser)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_mail_scanner_uses_nothing_up(checkout: CheckoutClient, link: str, method: str) -> None:
    for _ in range(3):
        checkout.stranger().open(link, method=method)
    assert press_continue(checkout.stranger(), link).status_code == 303


def test_who_is_known_as_somebody_else_is_told_so(checkout: CheckoutClient, link: str) -> None:
    browser = known(checkout, "grace@example.com")
    page = browser.get(link, headers=BROWSER).text
    assert "Until now this browser is known as g...@example.com" in page
    assert typed_address(browser) == "grace@example.com"


def test_who_is_known_already_reads_of_nobody_else(checkout: CheckoutClient, link: str) -> None:
    page = known(checkout).get(link, headers=BROWSER).text
    assert "Until now" not in page


def test_the_button_makes_the_browser_the_others(checkout: CheckoutClient, link: str) -> None:
    browser = known(checkout, "grace@example.com")
    press_continue(browser, link)
    assert typed_address(browser) == "ada@example.com"


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/a b\r\nc"]
)
def test_a_link_leads_nowhere_but_to_a_page_of_ours(
    checkout: CheckoutClient, link: str, to: str
) -> None:
    answer = press_continue(checkout.stranger(), mailed(checkout, to=to))
    assert (answer.status_code, answer.location) == (303, "/account")


def test_the_button_of_a_forged_link_makes_nobody_known(
    checkout: CheckoutClient, link: str
) -> None:
    browser = checkout.stranger()
    token = dict(FIELD.findall(browser.get(link, headers=BROWSER).text))["csrf_token"]
    answer = browser.post("/account/forged", data={"csrf_token": token}, headers=BROWSER)
    assert (answer.status_code, is_known(browser)) == (410, False)


@atomic
def make_link(session: Session, purpose: str, customer: str) -> str:
    return one_time_links.make(session, purpose, customer, "ada@example.com", "/account")


def test_a_link_of_somebody_who_is_not_there_is_too_old(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        token = make_link("customer", "cust_gone")
    assert checkout.stranger().get(f"/account/{token}").status_code == 410


@pytest.mark.parametrize("query", ["email=mallory@example.com", "save_card=1"])
def test_the_checkouts_address_fills_in_nothing_personal(
    checkout: CheckoutClient, query: str
) -> None:
    page = checkout.page(f"{CHECKOUT}?{query}").text
    assert "mallory" not in page
    assert "checked" not in page


def test_the_checkouts_address_may_say_how_many(checkout: CheckoutClient) -> None:
    assert "Pay $21.98" in checkout.page(f"{CHECKOUT}?quantity=2").text


@pytest.mark.parametrize("typed", FORMS)
def test_any_form_of_an_address_is_the_same_customers(checkout: CheckoutClient, typed: str) -> None:
    checkout.pay(email=ONE)
    checkout.pay(email=typed)
    with checkout.app.app_context():
        (address,) = db.session.scalars(select(Customer.email).where(own(Customer)))
        ask_for_link(typed)
        asked = select(LinkRequest.address).where(own(LinkRequest))
        assert db.session.scalars(asked).one() == address == ONE


@pytest.mark.parametrize("typed", FORMS)
def test_a_purchase_sent_again_with_another_form_is_the_same(
    checkout: CheckoutClient, typed: str
) -> None:
    first = checkout.post(key="one-purchase-of-mine", email=ONE).json
    assert checkout.post(key="one-purchase-of-mine", email=typed).json["id"] == first["id"]
    assert checkout.status(first["id"])["email"] == ONE
