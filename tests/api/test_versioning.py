"""What the API promised stays: the document, against the one of the last release."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.api.breaking import breaking

pytestmark = pytest.mark.portable

STORED = Path(__file__).with_name("openapi-v1.json")
PAYMENTS, ONE = "/api/v1/payments", "/api/v1/payments/{payment_id}"


@pytest.fixture
def released() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(STORED.read_text())
    return found


def test_nothing_that_was_released_is_taken_away(app: Flask, released: dict[str, Any]) -> None:
    now = app.test_client().get("/api/v1/openapi.json").json
    assert breaking(released, now) == [], "see docs/versioning.md"


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda now: now["paths"].pop(ONE), f"get {ONE} is gone"),
        (lambda now: now["paths"][ONE]["get"]["responses"].pop("404"), "404 is gone"),
        (lambda now: now["paths"][PAYMENTS]["get"]["parameters"].pop(0), "reference is gone"),
        (lambda now: schema(now, "Payment")["properties"].pop("status"), "status is gone"),
        (lambda now: schema(now, "Payment")["required"].remove("status"), "not required"),
        (lambda now: schema(now, "NewPayment")["required"].append("email"), "email is required"),
        (lambda now: schema(now, "NewPayment")["properties"].pop("email"), "email is gone"),
        (lambda now: schema(now, "Status")["enum"].append("well"), ".status: well"),
        (lambda now: schema(now, "Status")["enum"].remove("expired"), "status: expired"),
        (
            lambda now: schema(now, "NewPayment")["properties"]["amount"].update(maximum=1),
            "amount: maximum",
        ),
        (
            lambda now: schema(now, "NewCustomer")["properties"]["id"].update(pattern="^[a-z]+$"),
            "id: pattern",
        ),
        (
            lambda now: schema(now, "NewCustomer")["properties"]["email"].update(pattern="@"),
            "email: pattern",
        ),
        (
            lambda now: schema(now, "Payment")["properties"]["amount"].update(type="string"),
            "amount: string",
        ),
        (
            lambda now: schema(now, "NewPayment")["properties"]["amount"].update(type="string"),
            "amount: integer",
        ),
        (
            lambda now: now["paths"][PAYMENTS]["get"]["parameters"].append(
                {"name": "shop", "required": True, "schema": {"type": "string"}}
            ),
            "shop is required",
        ),
    ],
)
def test_a_breaking_difference_is_seen(released: dict[str, Any], change: Any, said: str) -> None:
    now = copy.deepcopy(released)
    change(now)
    found = breaking(released, now)
    assert any(said in one for one in found), found


def test_what_is_added_breaks_nothing(released: dict[str, Any]) -> None:
    now = copy.deepcopy(released)
    now["paths"]["/api/v1/more"] = now["paths"][PAYMENTS]
    now["paths"][PAYMENTS]["get"]["parameters"].append(
        {"name": "shop", "required": False, "schema": {"type": "string"}}
    )
    schema(now, "Payment")["properties"]["shop"] = {"type": "string"}
    schema(now, "Payment")["required"].append("shop")
    schema(now, "NewPayment")["properties"]["shop"] = {"type": "string"}
    schema(now, "NewPayment")["properties"]["amount"]["maximum"] *= 10
    del schema(now, "NewCustomer")["properties"]["id"]["pattern"]
    assert breaking(released, now) == []
