"""Another application, as it calls the API, and its buyer."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from payments_app.accounts import api_keys
from payments_app.core.web.links import sign_name
from tests.api.schemas import problems
from tests.own_worker import work

RETURN = "https://shop.example.com/back"
ASKED = {
    "amount": 2500,
    "currency": "usd",
    "description": "Two tickets",
    "reference": "booking-1",
    "return_url": RETURN,
}


def new_key(app: Flask, *scopes: str, name: str = "shop") -> str:
    """The secret of a new key; of every scope unless some are given."""
    with app.app_context():
        scopes = scopes or tuple(api_keys.SCOPES)
        return api_keys.create(name, scopes, "test", live=False)[1]


class Application:
    """Calls with its key; `buyer` is a browser that knows nothing of it."""

    def __init__(self, app: Flask, secret: str) -> None:
        self.app, self.secret = app, secret
        self.client = app.test_client(use_cookies=False)
        self.buyer: FlaskClient = app.test_client()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers, query_string=query)
        return self._as_documented(answer)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        """Under a new idempotency key unless one is given."""
        named = {"Idempotency-Key": key or secrets.token_hex(8)}
        answer = self.client.post(f"/api/v1/{path}", json=body or {}, headers=self.headers | named)
        return self._as_documented(answer)

    def send(self, path: str, **sent: Any) -> TestResponse:
        """A POST of whatever is given."""
        named = self.headers | {"Idempotency-Key": secrets.token_hex(8)}
        return self._as_documented(self.client.post(f"/api/v1/{path}", headers=named, **sent))

    def delete(self, path: str) -> TestResponse:
        answer = self.client.delete(f"/api/v1/{path}", headers=self.headers)
        return self._as_documented(answer)

    def _as_documented(self, answer: TestResponse) -> TestResponse:
        """Each answer, held against the OpenAPI document."""
        document = self.app.test_client().get("/api/v1/openapi.json").json
        addresses = self.app.url_map.bind("localhost")
        rule, _ = addresses.match(answer.request.path, answer.request.method, return_rule=True)
        path = rule.rule.replace("<", "{").replace(">", "}")
        responses = document["paths"][path][answer.request.method.lower()]["responses"]
        assert str(answer.status_code) in responses, f"{path} answers {answer.status_code}"
        said = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
        assert problems(document, said, answer.json, path) == []
        return answer

    def ask(self, key: str | None = None, **changes: Any) -> TestResponse:
        body = {name: value for name, value in (ASKED | changes).items() if value is not None}
        return self.post("payments", body, key)

    def asked(self, **changes: Any) -> dict[str, Any]:
        """A new payment."""
        answer = self.ask(**changes)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json
        return found

    def payment(self, payment_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"payments/{payment_id}").json
        return found

    def pay(
        self, payment_id: str, card: str = "pm_card_visa", email: str = "ada@example.com"
    ) -> TestResponse:
        """The buyer presses Pay, and what comes of it is worked on."""
        answer = self.press_pay(payment_id, card, email)
        self.charge()
        return answer

    def checkout(self, payment_id: str) -> str:
        """The path of its page, also of one that says no `next_url` any more."""
        with self.app.app_context():
            return f"/checkout/{sign_name(payment_id)}"

    def charge(self) -> None:
        """Work on what was pressed."""
        with self.app.app_context():
            work("charges")

    def press_pay(
        self, payment_id: str, card: str = "pm_card_visa", email: str = "ada@example.com"
    ) -> TestResponse:
        wish = {
            "item": self.checkout(payment_id).rpartition("/")[2],
            "email": email,
            "payment_method": card,
        }
        named = {"Idempotency-Key": secrets.token_hex(8)}
        return self.buyer.post("/transactions", json=wish, headers=named)

    def paid(self, **changes: Any) -> dict[str, Any]:
        """A payment that succeeded."""
        made = self.asked(**changes)
        assert self.pay(made["id"]).status_code == 202
        return self.payment(made["id"])
