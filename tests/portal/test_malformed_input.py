"""What a merchant's pages refuse, and the payments that they show although they are malformed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.logs import redact
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import Endpoint
from tests.accounts.staff_driver import StaffDriver
from tests.browser.dashboard import Dashboard
from tests.bystanders import own
from tests.csv_rows import csv_rows
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held
from tests.portal.portal_driver import Portal
from tests.route_walk import broken_pages, lists_that_ignore
from tests.security.card_forms import kept, spoil_every_form
from tests.security.card_texts import VISA
from tests.staff.abroad import Abroad

pytestmark = [pytest.mark.portable, pytest.mark.timeout(300)]


@pytest.fixture
def abroad(app: Flask, receiver: Receiver) -> Iterator[Abroad]:
    with app.app_context():
        yield Abroad(app, receiver)


@atomic
def _an_endpoint(session: Session) -> str:
    return session.scalars(select(Endpoint.id).where(own(Endpoint))).first() or ""


def test_a_list_names_what_it_can_not_read(portal: Portal) -> None:
    browser = portal.signed_in()
    for query in ("before=xx", "before=\u0663", "no_such=1"):
        assert browser.get(f"/portal/payments?{query}").status_code == 422
    assert browser.get("/portal/payments?before=1").status_code == 200


def test_a_link_is_not_sent_to_a_card_number(app: Flask, portal: Portal) -> None:
    email = f"{VISA}@example.com"
    answer = portal.browser().post("/portal/links", "/portal/sign_in", email=email)
    assert (answer.status_code, "card number" in answer.text) == (422, True)
    assert VISA not in StaffDriver(app).do(kept)


def test_a_merchant_of_a_time_zone_that_is_none_sees_their_payments(
    app: Flask, driver: PaymentDriver, portal: Portal
) -> None:
    driver.pay()
    with app.app_context():
        _change_zone()
    assert portal.signed_in().get("/portal/payments").status_code == 200


@atomic
def _change_zone(session: Session) -> None:
    default_merchant(session).timezone = "Mars/Olympus"


def test_no_list_ignores_what_it_does_not_know(portal: Portal) -> None:
    browser = portal.signed_in()
    assert lists_that_ignore(portal.app, "merchant", browser, {"portal.home"}) == []


@pytest.mark.expects_failure("reports.aggregate")
def test_no_form_keeps_a_card_number(
    app: Flask, portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    values = Dashboard(app).values
    staff_driver = StaffDriver(app)
    values["endpoint_id"] = staff_driver.do(_an_endpoint)
    browser = portal.signed_in()
    assert spoil_every_form(app, "merchant", browser, "/portal/webhooks", values) > 4
    assert VISA not in staff_driver.do(kept)
    assert VISA not in re.sub(r"\D+", "", redact(caplog.text))


@pytest.mark.parametrize(
    ("path", "page", "form", "field"),
    [
        ("/portal/links", "/portal", {"email": "ada\x00@example.com"}, "email"),
        ("/portal/webhooks", "/portal/webhooks", {"url": "https://example.com/\x00"}, "url"),
    ],
)
def test_a_form_with_a_nul_is_refused_and_the_field_is_named(
    portal: Portal, path: str, page: str, form: dict[str, str], field: str
) -> None:
    answer = portal.signed_in().post(path, page, **form)
    assert answer.status_code == 422
    assert f"“{field}”" in answer.text


def test_a_capture_in_part_shows_both_amounts(driver: PaymentDriver, portal: Portal) -> None:
    Held(driver).pay()
    assert "$15.00 of $25.00 captured" in portal.signed_in().get("/portal/payments").text


def test_payments_in_any_currency_are_shown(app: Flask, portal: Portal, abroad: Abroad) -> None:
    browser = portal.signed_in()
    broken, opened = broken_pages(app, browser.client, abroad.values(), Abroad.ELSEWHERE)
    assert broken == []
    assert opened > 20
    assert "1,234.50 XYZ" in browser.get("/portal/payments").text
    statements = [
        line["Gross"]
        for batch in abroad.values()["batch_id"]
        for line in csv_rows(browser.get(f"/portal/statements/{batch}.csv").text)
        if line["Kind"] == "capture"
    ]
    assert sorted(statements) == ["10.99", "1234.50", "1234.50", "1234.50"]


def test_every_template_is_rendered(app: Flask, portal: Portal, abroad: Abroad) -> None:
    """Each browser in a context of its own: the test's would keep the token of another one."""
    browser = portal.signed_in()
    broken_pages(app, browser.client, abroad.values(), Abroad.ELSEWHERE)
    with app.app_context():
        assert "problem" in browser.post("/portal/webhooks", "/portal/webhooks", url="x").text
    with app.app_context():
        visitor = portal.browser()
        visitor.get(portal.link().removeprefix(portal.public_url))
        sent = visitor.post("/portal/links", "/portal/sign_in", email=portal.shop_email())
        assert "Check your" in sent.text
    abroad.driver.work_all_waiting()
    rendered = {name for _, name in app.jinja_env.cache}
    ours = {name for name in app.jinja_env.list_templates() if "portal" in name}
    assert ours - rendered == {"portal/_account.html"}  # tests/portal/test_onboarding.py
