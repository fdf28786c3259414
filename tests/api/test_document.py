"""The OpenAPI document, held against the routes and their answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from payments_app.api import shapes
from payments_app.api.docs_pages import ERRORS
from payments_app.core.web.http import WORDS
from tests.api.application import Application

pytestmark = pytest.mark.portable
ROOT = Path(__file__).parents[2]
# The sources that answer a call of the API with what is not asked for.
SAYING = (
    *(f"api/{name}.py" for name in ("blueprint", "customers", "document", "events", "gate")),
    *("api/payments.py", "api/refunds.py", "payment_requests/ask.py", "core/web/closed.py"),
    *(f"core/web/{name}.py" for name in ("idempotency_answers", "idempotency_keys", "limits")),
)


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


def test_every_code_that_an_application_can_be_told_is_among_them() -> None:
    told = {"consent_ended"} | {WORDS[status][0] for status in set(WORDS) - {403}}
    for path in SAYING:
        text = (ROOT / "payments_app" / path).read_text()
        told |= set(re.findall(r'(?:ProblemError\(\s*\d+|NotOpenError\()[,\s]*"(\w+)"', text))
    assert {"restoring", "not_paid", "idempotency_conflict", "payment_in_progress"} <= told
    assert told - set(ERRORS) == set()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "payments/prq_1", 404),
        ("GET", "nothing", 404),
        ("PUT", "payments", 405),
        ("POST", "payments", 400),
        ("GET", "payments?limit=0", 422),
    ],
)
def test_all_errors_have_one_envelope(
    shop_application: Application, method: str, path: str, status: int
) -> None:
    answer = shop_application.client.open(
        f"/api/v1/{path}", method=method, headers=shop_application.headers
    )
    assert (answer.status_code, answer.json["success"]) == (status, False)
    error = answer.json["error"]
    assert error["message"].endswith(".")
    assert error["doc_url"].endswith(f"/docs#{error['code']}")
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert error.get("param") == ("limit" if status == 422 else None)


def test_the_documentation_asks_for_nothing_from_elsewhere(app: Flask) -> None:
    client = app.test_client()
    for path in ("/docs", "/llms.txt", "/api/v1/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "public" in answer.headers["Cache-Control"]
    page = client.get("/docs").text
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*\s(?:src|href)="([^"]+)"', page)
    assert loaded
    assert [one for one in loaded if not re.match("/(?!/)", one)] == []
    assert "POST /api/v1/payments" in page.replace("\n", " ")
    assert client.get("/llms.txt").mimetype == "text/plain"
