"""Purchases of programs under keys of their own, and how they are answered."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.checkout.checkout_client import BROWSER, CheckoutClient


def buy(client: FlaskClient, key: str = "k1", **changes: Any) -> TestResponse:
    """Ada's wish as JSON, unless it is changed."""
    wish = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    return client.post("/transactions", json=wish | changes, headers={"Idempotency-Key": key})


def made(answer: TestResponse) -> str:
    """The transaction that answers a wish."""
    assert answer.status_code == 202, answer.text
    return str(answer.json["id"])


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]


def named(checkout: CheckoutClient) -> FlaskClient:
    """A browser that has a name, because it saw a page of ours before."""
    client = checkout.stranger()
    assert client.get("/checkout/field-notes", headers=BROWSER).status_code == 200
    return client
