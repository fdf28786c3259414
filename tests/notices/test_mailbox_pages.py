"""The demo's mails in the browser."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.mailbox_pages import blueprint
from tests.notices.sent_mails import SentMails
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Of the demo's application."""
    app.register_blueprint(blueprint)
    return app.test_client()


def test_the_product_has_no_such_page(app: Flask, settings: dict[str, str]) -> None:
    """Not even beside a stand-in for Stripe: these pages are the demo's own."""
    assert app.test_client().get("/demo/mails").status_code == 404
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/demo")]


def test_the_mailbox_is_empty_before_the_first_mail(
    client: FlaskClient, sent_mails: SentMails
) -> None:
    assert "No e-mails yet" in client.get("/demo/mails").text


def test_a_mail_is_read_in_both_its_forms(
    client: FlaskClient, sent_mails: SentMails, driver: PaymentDriver
) -> None:
    driver.pay()
    page = client.get("/demo/mails").text
    (address,) = re.findall(r'href="(/demo/mails/\d+)"', page)
    assert "Your receipt from Corner Shop" in client.get(address).text
    assert "<h1>Thank you</h1>" in client.get(f"{address}/html").text


@pytest.mark.parametrize("name", ["1", "..%2Fsecret", "12345678901234567890", "x"])
def test_a_mail_that_is_not_there_is_not_found(
    client: FlaskClient, sent_mails: SentMails, name: str
) -> None:
    assert client.get(f"/demo/mails/{name}").status_code == 404


def test_nothing_is_shown_where_no_stand_in_answers_for_stripe(settings: dict[str, str]) -> None:
    from payments_app import create_app
    from payments_app.config import Config

    app: Flask = create_app(Config.from_env(settings | {"STRIPE_API_BASE": ""}))
    app.register_blueprint(blueprint)
    assert app.test_client().get("/demo/mails").status_code == 404
