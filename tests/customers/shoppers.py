"""Several browsers at one shop: who buys, which cards are kept, and in whose account."""

from __future__ import annotations

import secrets
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.customers.models import Customer, SavedCard
from payments_app.payments.models import Transaction
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.own_worker import work_all_due

ADA, GRACE = "ada@example.com", "grace@example.com"


def send(browser: FlaskClient, **body: Any) -> Any:
    wish = {"item": "field-notes", "email": ADA, "payment_method": "pm_card_visa"} | body
    return browser.post(
        "/transactions",
        json={name: value for name, value in wish.items() if value is not None},
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )


def buy(checkout: CheckoutClient, browser: FlaskClient, **body: Any) -> str:
    """A payment with all that follows; its id."""
    answer = send(browser, **body)
    assert answer.status_code == 202, answer.text
    work(checkout)
    return str(answer.json["id"])


def work(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        work_all_due()


def cards(checkout: CheckoutClient) -> list[SavedCard]:
    """All that are kept, the oldest first."""
    with checkout.app.app_context():
        db.session.rollback()
        found = db.session.scalars(
            select(SavedCard).where(own(SavedCard)).order_by(SavedCard.created_at)
        ).all()
        db.session.expunge_all()
        return list(found)


def read(checkout: CheckoutClient, transaction_id: str) -> Transaction:
    with checkout.app.app_context():
        found = db.session.get_one(Transaction, transaction_id)
        db.session.expunge(found)
        return found


def customer(checkout: CheckoutClient, email: str = ADA) -> Customer:
    with checkout.app.app_context():
        found = db.session.scalars(select(Customer).where(Customer.email == email)).one()
        db.session.expunge(found)
        return found


def is_refused(answer: Any, field: str = "payment_method") -> bool:
    return answer.status_code == 422 and field in answer.json["error"]["fields"]


def press(browser: FlaskClient, path: str, **form: str) -> int:
    """A button of the buyer's own pages."""
    page = browser.get("/checkout/field-notes", headers=BROWSER).text
    token = dict(FIELD.findall(page))["csrf_token"]
    return browser.post(path, data=form | {"csrf_token": token}, headers=BROWSER).status_code
