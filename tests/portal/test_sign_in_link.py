"""Who gets into the portal, and by what."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.web import link_requests, one_time_links
from payments_app.core.web.access import access_of
from payments_app.merchants import onboarding
from payments_app.merchants.models import Merchant
from payments_app.merchants.onboarding_link import onboarding_url
from payments_app.portal import sign_in
from tests.bystanders import own
from tests.core.email_forms import FORMS, ONE
from tests.merchants.connected_merchants import create_merchant
from tests.own_worker import work
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.reconcile.books import execute

pytestmark = pytest.mark.portable
ASK = "/portal/sign_in"


@pytest.fixture
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return settings | getattr(request, "param", {})


def ask(portal: Portal, email: str) -> str:
    answer = portal.browser().post("/portal/links", ASK, email=email)
    assert answer.status_code == 200
    with portal.app.app_context():
        work("payment_standard")
    return answer.text


def test_the_link_is_mailed_to_the_merchants_address(portal: Portal) -> None:
    email = portal.shop_email()
    ask(portal, email.upper())
    (mail,) = portal.mails()
    assert mail.recipient == email
    assert mail.link
    assert mail.key.endswith(mail.link["subject"])
    assert (mail.link["path"], mail.link["to"]) == ("/portal/links/", "/portal/payments")


def path_of(portal: Portal, merchant: str) -> str:
    return portal.link(merchant).removeprefix(portal.public_url)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_that_is_only_opened_lets_nobody_in(portal: Portal, method: str) -> None:
    browser, path = portal.browser(), path_of(portal, portal.add_merchant())
    for _ in range(3):
        assert browser.client.open(path, method=method).status_code == 200
    assert browser.get("/portal/payments").location == ASK
    assert signed_in(portal) == 0
    assert browser.post(path, path).location == "/portal/payments"
    assert signed_in(portal) == 1


def signed_in(portal: Portal) -> int:
    """How often a merchant came in, by the history."""
    with portal.app.app_context():
        db.session.rollback()
        asked = select(HistoryEntry.id).where(HistoryEntry.what == "merchant.signed_in")
        return len(db.session.scalars(asked).all())


def test_the_page_names_the_merchant_but_not_all_of_the_address(portal: Portal) -> None:
    answer = portal.browser().get(path_of(portal, portal.add_merchant()))
    assert "a...@<wbr>example.com</bdi>?" in answer.text
    assert "Axe and Sons" in answer.text
    assert "axe@" not in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_button_needs_the_forms_token(portal: Portal) -> None:
    browser, path = portal.browser(), path_of(portal, portal.add_merchant())
    browser.get(path)
    assert browser.client.post(path).status_code == 400
    assert browser.get("/portal/payments").location == ASK


def test_who_is_known_as_another_merchant_is_told_so(portal: Portal) -> None:
    browser = portal.signed_in(portal.add_merchant("Bow Ltd", "bow@example.com"))
    path = path_of(portal, portal.add_merchant())
    page = browser.get(path).text
    assert "Until now this browser is known as Bow Ltd (b...@example.com)" in page
    browser.post(path, path)
    assert "axe@example.com" in browser.get("/portal/payments").text


def test_the_button_of_a_forged_link_lets_nobody_in(portal: Portal) -> None:
    browser, path = portal.browser(), path_of(portal, portal.add_merchant())
    assert browser.post("/portal/links/forged", path).status_code == 410
    assert browser.get("/portal/payments").location == ASK


def test_a_link_to_the_onboarding_lets_nobody_in(driver: PaymentDriver, portal: Portal) -> None:
    browser = portal.browser()
    path = onboarding_url(create_merchant(driver)).removeprefix(portal.public_url)
    assert browser.get(path).status_code == 200
    assert browser.get("/portal/payments").location == ASK


@pytest.mark.parametrize("path", ["/portal", "/portal/"])
def test_the_portal_begins_with_the_payments(portal: Portal, path: str) -> None:
    assert portal.browser().get(path).location == ASK
    assert portal.signed_in().get(path).location == "/portal/payments"


def test_the_answer_does_not_say_whose_address_it_is(portal: Portal) -> None:
    email = portal.shop_email()
    known, unknown = ask(portal, email), ask(portal, "nobody@example.com")
    assert known.replace(email, "nobody@example.com") == unknown
    assert len(portal.mails()) == 1


@pytest.mark.parametrize("settings", [{"CHECKOUT_RATE_LIMIT": "3/hour"}], indirect=True)
def test_a_stranger_who_asks_again_and_again_does_not_keep_a_merchant_from_asking(
    portal: Portal,
) -> None:
    statuses = []
    for address in ["198.51.100.1"] * 4 + ["203.0.113.1"]:
        browser = portal.browser()
        browser.client.environ_base["REMOTE_ADDR"] = address
        answer = browser.post("/portal/links", ASK, email=portal.shop_email())
        statuses.append(answer.status_code)
    assert statuses == [200, 200, 200, 429, 200]


def test_asking_twice_in_a_minute_sends_one_mail(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_requests, "EVERY_SECONDS", 10**10)
    email = portal.shop_email()
    for _ in range(3):
        with portal.app.app_context():
            sign_in.ask_for_link(email)
            work("payment_standard")
    assert len(portal.mails()) == 1


def test_what_is_no_address_is_asked_for_again(portal: Portal) -> None:
    answer = portal.browser().post("/portal/links", ASK, email="no address")
    assert answer.status_code == 422
    assert "Enter an e-mail address" in answer.text


def test_asking_without_the_forms_token_is_refused(portal: Portal) -> None:
    answer = portal.app.test_client().post("/portal/links", data={"email": "a@example.com"})
    assert answer.status_code == 400


@atomic
def make_link(session: Session, purpose: str, subject: str, address: str) -> str:
    return one_time_links.make(session, purpose, subject, address, "/")


@pytest.mark.parametrize("purpose", ["customer", "onboarding"])
def test_a_link_of_another_purpose_opens_nothing(portal: Portal, purpose: str) -> None:
    merchant = portal.add_merchant()
    with portal.app.app_context():
        token = make_link(purpose, merchant, "axe@example.com")
    browser = portal.browser()
    assert browser.get(f"/portal/links/{token}").status_code == 410
    assert browser.get("/portal/payments").status_code == 303


def test_a_merchant_who_has_another_address_now_is_signed_out(portal: Portal) -> None:
    browser = portal.signed_in(portal.add_merchant())
    with portal.app.app_context():
        execute(update(Merchant).where(own(Merchant)).values(email="new@example.com"))
    assert browser.get("/portal/payments").status_code == 303


def test_leaving_ends_it(portal: Portal) -> None:
    browser = portal.signed_in()
    assert browser.post("/portal/leave", "/portal/payments").location == ASK
    assert browser.get("/portal/payments").location == ASK


def test_every_page_but_sign_in_asks_who_it_is(portal: Portal) -> None:
    open_to_all = {
        rule.endpoint
        for rule in portal.app.url_map.iter_rules()
        if rule.endpoint.startswith("portal.")
        and (access := access_of(portal.app, rule.endpoint))
        and access.audience != "merchant"
    }
    ways_in = {"portal.open_portal", "portal.enter"}
    assert open_to_all == {"portal.sign_in_page", "portal.create_link", *ways_in}


def test_pages_are_kept_by_no_cache(portal: Portal) -> None:
    answer = portal.signed_in().get("/portal/payments")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("typed", FORMS)
def test_a_merchant_asks_with_any_form_of_the_address(portal: Portal, typed: str) -> None:
    with portal.app.app_context():
        onboarding.add_merchant(name="Juniper", email="mu\u0308ller@BÜCHER.example", actor="system")
    ask(portal, typed)
    assert [mail.recipient for mail in portal.mails()] == [ONE]
