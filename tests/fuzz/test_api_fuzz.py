"""Every operation of the API, called with what its OpenAPI document allows and with what it does
not: each answer is one that the document says, and none is a fault of ours."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import given
from hypothesis import settings as tries
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from tests.api.application import ASKED, Application, new_key
from tests.api.test_customers import charged, kept, stored
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
_STATUS = re.compile(r'"status": ?"(\w+)"')
MODES = list(schemathesis.GenerationMode)


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"API_RATE_LIMIT": "999999/minute"}


def known(application: Application) -> dict[str, list[str]]:
    """Ids that name something, so that an operation gets further than its 404: a payment that
    nobody has paid, one for which the bank wants its owner, and a kept card of theirs."""
    stored(application)
    made = application.asked(**ASKED | {"customer": "ada-7"})
    card = kept(application, card="pm_card_authenticationRequired")
    waiting = charged(application, card)
    assert waiting["status"] == "requires_action"
    return {
        "payment_id": [made["id"], waiting["id"]],
        "customer_id": ["ada-7"],
        "payment_method": [card["payment_method"]],
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", MODES)
def test_every_answer_of_the_api_is_as_documented(
    app: Flask, mode: schemathesis.GenerationMode
) -> None:
    application = Application(app, new_key(app))
    ids, seen = known(application), set[str]()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [one.ok() for one in schema.get_all_operations()]
    assert len(found) == OPERATIONS
    for operation in found:
        call = EACH(_calls(operation, mode, application, ids, seen))
        call()
    # Of what is not allowed all may be refused before a payment is read.
    if mode == schemathesis.GenerationMode.POSITIVE:
        assert {"requires_action", "requires_payment"} <= seen


def _calls(
    operation: Any, mode: Any, application: Application, ids: dict[str, list[str]], seen: set[str]
) -> Any:
    named = [name for name in ids if f"{{{name}}}" in operation.path]
    turns = itertools.count()  # not drawn: each id has its turn, whatever hypothesis thinks of
    asks = operation.method == "post" and operation.path == "/api/v1/payments"

    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        turn, kind = divmod(next(turns), 3)
        there = kind > 0
        if there and named:
            case.path_parameters.update(
                {name: ids[name][(turn + kind) % len(ids[name])] for name in named}
            )
        if there and asks and isinstance(case.body, dict):
            case.body |= {"customer": "ada-7", "payment_method": ids["payment_method"][0]}
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answer = case.call(headers=application.headers | key)
        case.validate_response(answer, checks=HELD)
        seen.update(_STATUS.findall(answer.text))

    return call
