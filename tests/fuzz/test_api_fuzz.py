"""Every operation of the API, called with what its OpenAPI document allows and with what it does
not: each answer is one that the document says, and none is a fault of ours."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from tests.api.application import ASKED, Application, new_key
from tests.fuzz.cases import CASES, fuzzed

load_all_checks()
HELD = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = 13
EACH = tries(fuzzed, max_examples=max(5, CASES // 100))
MODES = list(schemathesis.GenerationMode)


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"API_RATE_LIMIT": "999999/minute"}


def known(application: Application) -> dict[str, str]:
    """Ids that name something, so that an operation gets further than its 404."""
    application.post("customers", {"id": "ada-7", "email": "ada@example.com"})
    made = application.asked(**ASKED | {"customer": "ada-7"})
    return {"payment_id": made["id"], "customer_id": "ada-7"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", MODES)
def test_every_answer_of_the_api_is_as_documented(
    app: Flask, mode: schemathesis.GenerationMode
) -> None:
    application = Application(app, new_key(app))
    ids = known(application)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [one.ok() for one in schema.get_all_operations()]
    assert len(found) == OPERATIONS
    for operation in found:
        call = EACH(_calls(operation, mode, application, ids))
        call()


def _calls(operation: Any, mode: Any, application: Application, ids: dict[str, str]) -> Any:
    named = {name: ids[name] for name in ids if f"{{{name}}}" in operation.path}

    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    def call(case: Any, *, there: bool) -> None:
        if there and named:
            case.path_parameters.update(named)
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answer = case.call(headers=application.headers | key)
        case.validate_response(answer, checks=HELD)

    return call
