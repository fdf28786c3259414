"""One buyer's client, what it sends, and the work behind it."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.orders.product_models import Product
from payments_app.payments import states
from payments_app.payments.models import Transaction
from tests.bystanders import own
from tests.own_worker import work

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FIELD = re.compile(r'name="(\w+)"\s+value="([^"]*)"')


class CheckoutClient:
    """`client` keeps cookies as a browser does; `stranger` is another one."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app, self.client = app, client

    def stranger(self) -> FlaskClient:
        return self.app.test_client()

    def form(self, item: str = "field-notes") -> dict[str, str]:
        """The form as it was rendered, filled with an address and a good card."""
        page = self.client.get(f"/checkout/{item}", headers=BROWSER)
        assert page.status_code == 200, page.headers
        return dict(FIELD.findall(page.text)) | {"email": "ada@example.com"}

    def send(self, form: dict[str, str], card: str | None = "pm_card_visa") -> TestResponse:
        means = {"payment_method": card} if card else {}
        return self.client.post("/transactions", data=form | means, headers=BROWSER)

    def post(self, key: str | None = None, **body: Any) -> TestResponse:
        """JSON, as a program sends it, under a new key unless one is given; what is None is left
        out."""
        whole = {
            "item": "field-notes",
            "email": "ada@example.com",
            "payment_method": "pm_card_visa",
        } | body
        return self.client.post(
            "/transactions",
            json={name: value for name, value in whole.items() if value is not None},
            headers={"Idempotency-Key": secrets.token_hex(8) if key is None else key},
        )

    def pay(self, card: str = "pm_card_visa", **body: Any) -> str:
        """A payment that has been worked on; its id."""
        answer = self.post(payment_method=card, **body)
        assert answer.status_code == 202, answer.text
        self.work()
        return str(answer.json["id"])

    def work(self) -> None:
        with self.app.app_context():
            work("charges")

    def status(self, transaction_id: str, client: FlaskClient | None = None) -> dict[str, Any]:
        answer = (client or self.client).get(f"/transactions/{transaction_id}")
        status: dict[str, Any] = answer.json
        return status

    def page(self, path: str, client: FlaskClient | None = None) -> TestResponse:
        return (client or self.client).get(path, headers=BROWSER)

    def count(self, model: type[Any] = Transaction) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(model).where(own(model))) or 0

    def order_of(self, transaction_id: str) -> str:
        with self.app.app_context():
            transaction = db.session.get_one(Transaction, transaction_id)
            return next(r.payable_id for r in transaction.records if r.role == "pays_for")

    def move(self, transaction_id: str, *phases: str) -> None:
        """Put a transaction into a phase that takes a fault to reach."""
        with self.app.app_context():
            _move(transaction_id, phases)

    def reprice(self, slug: str, amount: int) -> None:
        with self.app.app_context():
            _reprice(slug, amount)

    def waiting(self, command: str) -> int:
        """How many messages of a command wait: of those that crashed or raised, none does."""
        with self.app.app_context():
            well = (Message.claims == 0, Message.failures == 0)
            asked = select(func.count()).where(Message.command == command, *OPEN, *well)
            return db.session.scalar(asked) or 0


@atomic
def _move(session: Session, transaction_id: str, phases: tuple[str, ...]) -> None:
    transaction = states.lock(session, transaction_id)
    for phase in phases:
        states.move(session, transaction, phase)


@atomic
def _reprice(session: Session, slug: str, amount: int) -> None:
    session.execute(update(Product).where(Product.slug == slug).values(amount=amount))
