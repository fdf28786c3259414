"""Who ends a consent: whoever proved its address, or was sent a receipt, and staff who refund."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from payments_app.core.extensions import db
from payments_app.core.web import links
from payments_app.customers.models import Customer, SavedCard
from payments_app.notices.models import Mail
from payments_app.payment_requests.consents import KEPT_WORDS
from payments_app.payment_requests.customer_models import CardConsent
from payments_app.payment_requests.find_consents import PURPOSE
from tests.accounts.staff_driver import HTML, Browser, StaffDriver
from tests.api.application import Application
from tests.api.test_consents_ending import both_kept, reasons, refused, told
from tests.api.test_customers import cards, charged, follow
from tests.customers.mailed_link import link_for

pytestmark = pytest.mark.portable

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def press(browser: FlaskClient, path: str, page: str | None = None) -> TestResponse:
    """Open a page and press its button."""
    token = _TOKEN.search(browser.get(page or path, headers=HTML).text)
    return browser.post(path, data={"csrf_token": token[1] if token else ""}, headers=HTML)


def known(application: Application, email: str) -> FlaskClient:
    """A browser that has proved this address."""
    browser = application.app.test_client()
    with application.app.app_context():
        whose = db.session.scalars(select(Customer.id).where(Customer.email == email)).one()
        path = link_for(whose, "/account").removeprefix(application.app.config["CONFIG"].public_url)
    assert press(browser, path).status_code == 303
    return browser


def consent_of(application: Application, card: dict[str, Any]) -> str:
    with application.app.app_context():
        rows = select(CardConsent.id).where(CardConsent.card_id == card["id"])
        return db.session.scalars(rows).one()


def owner_of(application: Application, card: dict[str, Any]) -> str:
    with application.app.app_context():
        return db.session.get_one(SavedCard, card["id"]).customer_id


def link_in_receipt(application: Application, payment: dict[str, Any]) -> str | None:
    """The path of the link by which a receipt's reader ends it."""
    with application.app.app_context():
        key = f"receipt_{payment['transaction']}"
        mail = db.session.scalars(select(Mail).where(Mail.key == key)).one()
        if mail.link is None:
            return None
        assert "[link]" in mail.text
        assert "[link]" in mail.html
        return mail.link["path"] + links.sign(mail.link["purpose"], mail.link["subject"])


def test_whoever_proved_the_address_reads_what_they_agreed_to_and_ends_it(
    shop_application: Application,
) -> None:
    hers, bobs = both_kept(shop_application)
    browser = known(shop_application, "ada@example.com")
    assert 'href="/account/consents"' in browser.get("/account", headers=HTML).text
    page = browser.get("/account/consents", headers=HTML).text
    for said in ("Visa ending in 4242", "(shop)", "Two tickets", str(KEPT_WORDS)):
        assert said in page
    assert "Mastercard" not in page
    path = f"/account/consents/{consent_of(shop_application, hers)}"
    step = browser.get(path, headers=HTML).text
    assert "They can't charge this card without you any more. We tell them." in step
    assert cards(shop_application) == [hers]  # to read the step ends nothing
    assert browser.post(path, headers=HTML).status_code == 400  # nor does another site's form
    assert cards(shop_application) == [hers]
    assert press(browser, path).location == "/account/consents"
    assert "Visa ending in 4242" not in browser.get("/account/consents", headers=HTML).text
    assert cards(shop_application) == []
    assert cards(shop_application, "bob-8") == [bobs]
    assert "The customer ended their consent." in refused(shop_application, hers)["message"]
    follow(shop_application)
    assert [one["consent"]["reason"] for one in told(shop_application)] == ["owner"]
    assert press(browser, path, "/account").location == "/account/consents"  # a second click
    assert browser.get(path, headers=HTML).status_code == 404
    follow(shop_application)
    assert len(told(shop_application)) == 1


def test_whoever_agreed_to_nothing_reads_of_no_cards(shop_application: Application) -> None:
    application = shop_application
    ended = consent_of(application, both_kept(application)[0])
    hers, his = (known(application, f"{name}@example.com") for name in ("ada", "bob"))
    assert press(hers, f"/account/consents/{ended}").status_code == 303
    pages = [one.get("/account/consents", headers=HTML).text for one in (hers, his)]
    said = "These cards may be charged without you"
    assert [said in page for page in pages] == [False, True]
    assert ["No card of yours may be charged" in page for page in pages] == [True, False]


def test_nobody_else_reads_or_ends_it(shop_application: Application) -> None:
    hers, bobs = both_kept(shop_application)
    path = f"/account/consents/{consent_of(shop_application, hers)}"
    stranger = shop_application.app.test_client()
    assert stranger.get("/account/consents", headers=HTML).status_code == 303
    assert stranger.get(path, headers=HTML).status_code == 303
    bob = known(shop_application, "bob@example.com")
    assert bob.get(path, headers=HTML).status_code == 404
    assert press(bob, path, "/account").status_code == 404
    assert press(stranger, path, "/account").status_code == 404
    assert (cards(shop_application), cards(shop_application, "bob-8")) == ([hers], [bobs])


def test_a_receipt_of_a_charge_without_its_buyer_leads_to_its_end(
    shop_application: Application,
) -> None:
    hers, bobs = both_kept(shop_application)
    others = charged(shop_application, bobs, customer="bob-8")
    path = link_in_receipt(shop_application, charged(shop_application, hers))
    assert path is not None
    browser = shop_application.app.test_client()
    opened = browser.get(path, headers=HTML)
    assert (opened.status_code, opened.headers["X-Robots-Tag"]) == (200, "noindex")
    assert "Visa ending in 4242" in opened.text
    assert cards(shop_application) == [hers]  # a scanner of mails opened it
    assert browser.post(path, headers=HTML).status_code == 400
    ended = press(browser, path)
    assert (ended.status_code, "Ended" in ended.text) == (200, True)
    assert cards(shop_application) == []
    assert browser.get("/account/consents", headers=HTML).status_code == 303  # it signs nobody in
    assert browser.get(path, headers=HTML).status_code == 410
    assert cards(shop_application, "bob-8") == [bobs]
    assert link_in_receipt(shop_application, others) is not None
    assert reasons(shop_application) == ["owner", None]


def test_a_link_for_something_else_ends_nothing(shop_application: Application) -> None:
    hers, _ = both_kept(shop_application)
    consent = consent_of(shop_application, hers)
    browser = shop_application.app.test_client()
    with shop_application.app.app_context():
        wrong = [links.sign("download", consent), links.sign(PURPOSE, "agr_1"), consent, "x"]
    for token in wrong:
        assert browser.get(f"/consents/{token}", headers=HTML).status_code == 410
    assert cards(shop_application) == [hers]


def test_a_receipt_of_what_its_buyer_paid_has_no_such_link(shop_application: Application) -> None:
    both_kept(shop_application)
    paid = shop_application.paid()
    follow(shop_application)
    assert link_in_receipt(shop_application, paid) is None


def test_whoever_refunds_may_end_it_and_says_why(shop_application: Application) -> None:
    hers, bobs = both_kept(shop_application)
    staff = StaffDriver(shop_application.app)
    consent, customer = consent_of(shop_application, hers), owner_of(shop_application, hers)
    page, path = f"/staff/customers/{customer}", f"/staff/consents/{consent}/endings"
    support = staff.signed_in("support")
    assert "Visa ending in 4242" in support.get(page).text
    assert path not in support.get(page).text
    assert support.get(path).status_code == 403
    assert support.post(path, page, reason="They called").status_code == 403
    refunder: Browser = staff.signed_in("refunder")
    assert path in refunder.get(page).text
    assert str(KEPT_WORDS) in refunder.get(path).text
    assert "Enter why" in refunder.post(path, path, reason=" ").text
    assert "card number" in refunder.post(path, path, reason="4242424242424242").text
    assert cards(shop_application) == [hers]
    assert refunder.post(path, path, reason="They called").location == page
    assert "Visa ending in 4242" not in refunder.get(page).text.split("Payment History")[0]
    assert refunder.get(path).status_code == 404
    assert (cards(shop_application), cards(shop_application, "bob-8")) == ([], [bobs])
    (entry,) = staff.entries("card.consent_ended")
    assert (entry.kind, entry.data["why"], entry.data["reason"]) == (
        "staff",
        "staff",
        "They called",
    )
    audit = staff.signed_in("admin").get("/staff/audit").text
    assert "They called" in audit
    timeline = support.get(f"/staff/payments/{entry.transaction_id}").text
    assert "The consent to charge the card without the customer ended" in timeline
    follow(shop_application)
    assert [one["consent"]["reason"] for one in told(shop_application)] == ["staff"]
    assert "They called" not in str(told(shop_application))
