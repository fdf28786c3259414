"""What a person does with a mailed link: open it, read whose it is, press the button."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import links, one_time_links
from payments_app.customers.models import Customer
from payments_app.customers.recognise import PATH, PURPOSE
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient


@atomic
def link_for(session: Session, customer_id: str, to: str) -> str:
    """As notices.mail_links makes it while a mail is sent: good once, and it leads on to `to`."""
    email = session.get_one(Customer, customer_id).email
    return links.absolute(PATH + one_time_links.make(session, PURPOSE, customer_id, email, to))


def mailed(checkout: CheckoutClient, email: str = "ada@example.com", to: str = "/account") -> str:
    """The path of the link in a customer's mail."""
    with checkout.app.app_context():
        customer = db.session.scalars(select(Customer.id).where(Customer.email == email)).one()
        return link_for(customer, to).removeprefix(checkout.app.config["CONFIG"].public_url)


def press_continue(browser: FlaskClient, path: str) -> TestResponse:
    """Open the link and press its button."""
    token = dict(FIELD.findall(browser.get(path, headers=BROWSER).text)).get("csrf_token", "")
    return browser.post(path, data={"csrf_token": token}, headers=BROWSER)


def known(
    checkout: CheckoutClient,
    email: str = "ada@example.com",
    to: str = "/account",
    browser: FlaskClient | None = None,
) -> FlaskClient:
    """A browser (a new one by default) that is known as the customer of this address."""
    browser = browser or checkout.stranger()
    answer = press_continue(browser, mailed(checkout, email, to))
    assert (answer.status_code, answer.location) == (303, to)
    return browser
