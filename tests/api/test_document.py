"""The OpenAPI document, held against the routes and their answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from payments_app.api import shapes
from payments_app.api.docs_pages import ERRORS
from tests.api.application import Application

pytestmark = pytest.mark.portable


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").json
    return found


def test_the_document_names_every_route_of_the_api(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    said = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert said == routes - {("/api/v1/openapi.json", "get")}
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": app.config["CONFIG"].public_url}]


def test_every_schema_that_the_document_names_is_in_it(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert {"Status", "LineItem", "Problem"} <= named <= set(document["components"]["schemas"])


def test_every_operation_says_what_it_answers(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = set(operation["responses"])
            said = {"401", "403", "421", "422", "429", "500", "503"}
            if method == "post":
                said |= {"400", "413", "415"}
            assert said <= answers, (path, method)
            assert operation["summary"]
            assert not operation["summary"].endswith(".")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "x=1"}, 415),
        ({"data": "[]", "content_type": "application/json"}, 400),
        ({"data": "x" * 70_000, "content_type": "application/json"}, 413),
    ],
)
@pytest.mark.parametrize("path", ["payments", "customers", "payments/prq_1/cancel"])
def test_what_is_answered_before_a_view_is_asked_is_in_the_document(
    shop_application: Application, path: str, sent: dict[str, Any], status: int
) -> None:
    assert shop_application.send(path, **sent).status_code == status


def test_an_outage_is_in_the_document(
    shop_application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr("payments_app.api.payments.find_all", away)
    assert shop_application.get("payments").status_code == 503


def test_the_document_names_no_default_that_is_refused(document: dict[str, Any]) -> None:
    amount = document["components"]["schemas"]["NewRefund"]["properties"]["amount"]
    assert amount["type"] == "integer"
    assert "default" not in amount


def test_the_answers_are_as_the_document_says(shop_application: Application) -> None:
    paid = shop_application.paid(
        line_items=[{"description": "Ticket", "quantity": 2, "amount": 1250}]
    )
    refund = shop_application.post(f"payments/{paid['id']}/refunds", {"reason": "x"}).json
    shapes.Payment.model_validate(paid, extra="forbid")
    shapes.Refund.model_validate(refund, extra="forbid")
    shapes.Payments.model_validate(shop_application.get("payments").json, extra="forbid")
    shapes.Events.model_validate(shop_application.get("events").json, extra="forbid")
    shapes.Error.model_validate(shop_application.get("payments/none").json)
    with pytest.raises(ValidationError):
        shapes.Payment.model_validate(paid | {"status": "well"})


def test_every_error_of_the_api_is_explained(shop_application: Application) -> None:
    page = shop_application.client.get("/docs").text
    assert all(f'id="{code}"' in page for code in ERRORS)


def test_the_documentation_asks_for_nothing_from_elsewhere(app: Flask) -> None:
    client = app.test_client()
    for path in ("/docs", "/llms.txt", "/api/v1/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "public" in answer.headers["Cache-Control"]
    page = client.get("/docs").text
    assert "//cdn" not in page
    assert "POST /api/v1/payments" in page.replace("\n", " ")
    assert client.get("/llms.txt").mimetype == "text/plain"
