"""What is answered before Flask is what Flask answers, and all else is Flask's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, event
from werkzeug.test import Client, TestResponse

from payments_app import create_app
from payments_app.checkout import poll
from payments_app.core.db.ids import new_id
from payments_app.core.web.access import public
from tests.checkout.checkout_client import CheckoutClient
from tests.config_at import config_at
from tests.whole_words import says

pytestmark = pytest.mark.portable

PHASES = {
    "created": (),
    "processing": ("processing",),
    "awaiting_bank": ("processing", "awaiting_bank"),
    "requires_action": ("processing", "requires_action"),
    "complete": None,
    "failed": None,
    "canceled": ("canceled",),
}
KNOWN = {"Accept": "application/json", "X-Request-ID": "a-known-request"}


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, _most: least)


def ask(wsgi: Any, path: str, headers: dict[str, str], method: str = "GET") -> TestResponse:
    return Client(wsgi, use_cookies=False).open(path, method=method, headers=KNOWN | headers)


def nobody(_environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """In Flask's place."""
    start_response("299 Flask", [])
    return [b""]


@pytest.fixture
def in_a_phase(checkout: CheckoutClient, phase: str) -> str:
    """A payment's address."""
    if phase == "complete":
        return f"/transactions/{checkout.pay()}"
    if phase == "failed":
        return f"/transactions/{checkout.pay('pm_card_visa_chargeDeclined')}"
    transaction = checkout.post().json["id"]
    checkout.move(transaction, *(PHASES[phase] or ()))
    return f"/transactions/{transaction}"


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_reader_without_a_cookie_reads_what_flask_answers(
    app: Flask, in_a_phase: str, prefix: str
) -> None:
    before, path = app.wsgi_app.inner, prefix + in_a_phase
    flask = ask(before.flask, path, {})
    before.flask = nobody
    answer = ask(before, path, {})
    assert (answer.status, answer.data) == (flask.status, flask.data)
    assert sorted(answer.headers) == sorted(flask.headers)
    assert answer.json["phase"] in PHASES


@pytest.mark.parametrize("cookie", [{}, {"Cookie": "session=x"}])
@pytest.mark.parametrize("query", ["", "?partial=1"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_reader_who_knows_it_gets_the_304_that_flask_answers(
    app: Flask, in_a_phase: str, query: str, cookie: dict[str, str]
) -> None:
    before, path = app.wsgi_app.inner, in_a_phase + query
    known = cookie | {"If-None-Match": ask(before.flask, path, {}).headers["ETag"]}
    flask = ask(before.flask, path, known)
    before.flask = nobody
    answer = ask(before, path, known)
    assert (answer.status_code, answer.data) == (flask.status_code, flask.data) == (304, b"")
    assert answer.status == flask.status
    assert sorted(answer.headers) == sorted(flask.headers)


@pytest.mark.parametrize(
    ("method", "query", "headers"),
    [
        ("GET", "", {"Cookie": "session=x"}),
        ("GET", "", {"Cookie": "session=x", "If-None-Match": 'W/"0"'}),
        ("GET", "", {"If-None-Match": 'W/"0", W/"1"'}),
        ("GET", "", {"If-None-Match": "*"}),
        ("GET", "", {"If-Match": 'W/"1"'}),
        ("GET", "", {"Range": "bytes=0-1"}),
        ("GET", "", {"Accept": "text/html"}),
        ("GET", "", {"Accept": "application/json, text/html"}),
        ("GET", "?partial=1", {}),
        ("GET", "?payment_intent=pi_1", {}),
        ("GET", "?payment_intent=pi_1", {"If-None-Match": 'W/"1"'}),
        ("HEAD", "", {}),
        ("POST", "/checks", {}),
    ],
)
def test_whatever_else_is_asked_is_flasks(
    app: Flask, checkout: CheckoutClient, method: str, query: str, headers: dict[str, str]
) -> None:
    path = f"/transactions/{checkout.post().json['id']}{query}"
    app.wsgi_app.inner.flask = nobody
    assert ask(app.wsgi_app.inner, path, headers, method).status == "299 Flask"


def test_an_unknown_outcome_is_flasks_since_a_look_at_it_stages_a_look_up(
    app: Flask, checkout: CheckoutClient
) -> None:
    lost = checkout.post().json["id"]
    checkout.move(lost, "processing", "unknown")
    path = f"/transactions/{lost}"
    etag = ask(app.wsgi_app.inner, path, {}).headers["ETag"]
    app.wsgi_app.inner.flask = nobody
    for headers in ({}, {"If-None-Match": etag}):
        assert ask(app.wsgi_app.inner, path, headers).status == "299 Flask"


def test_what_there_is_not_is_flasks(app: Flask) -> None:
    app.wsgi_app.inner.flask = nobody
    for name in (new_id("txn"), "txn_1", new_id("ord"), "txn_" + "0" * 26 + "%0A"):
        assert ask(app.wsgi_app.inner, f"/transactions/{name}", {}).status == "299 Flask"


def test_an_error_is_flasks(app: Flask, checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    app.extensions["reading"] = create_engine("postgresql+psycopg://x@127.0.0.1:1/x")
    answer = ask(app.wsgi_app.inner, path, {})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unavailable")


def test_on_a_site_with_a_name_another_host_is_flasks(
    settings: dict[str, str], checkout: CheckoutClient
) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    named = create_app(config_at("https://pay.example.com", settings))
    before = named.wsgi_app
    assert ask(before, path, {"Host": "evil.example"}).status_code == 421
    before.flask = nobody
    assert ask(before, path, {"Host": "pay.example.com"}).status_code == 200
    named.extensions["engine"].dispose()


def test_a_stranger_reads_nothing_personal_before_flask_either(
    app: Flask, checkout: CheckoutClient
) -> None:
    path = f"/transactions/{checkout.pay('pm_card_authenticationRequired')}"
    app.wsgi_app.inner.flask = nobody
    said = json.dumps(ask(app.wsgi_app.inner, path, {}).json)
    assert "ada@" not in said
    assert "_secret_" not in said
    assert not says(said, "4242")


def test_it_stands_before_no_route_that_says_it_is_for_others(app: Flask) -> None:
    app.view_functions["checkout.show"] = public(lambda **_: "")
    with pytest.raises(RuntimeError, match="before its policy"):
        poll.prepare(app)


@pytest.mark.parametrize("known", [True, False])
def test_a_question_is_one_statement_in_no_transaction(
    app: Flask, checkout: CheckoutClient, known: bool
) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    etag = checkout.client.get(path).headers["ETag"]
    asked: list[bool] = []
    engines = {app.extensions["engine"], app.extensions["reading"]}

    def note(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's
            asked.append(in_transaction(connection))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    answer = checkout.client.get(path, headers={"If-None-Match": etag} if known else {})
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == (304 if known else 200)
    assert asked == [False]


def in_transaction(connection: Connection) -> bool:
    on_postgresql = connection.dialect.name == "postgresql"
    return on_postgresql and not connection.connection.dbapi_connection.autocommit
