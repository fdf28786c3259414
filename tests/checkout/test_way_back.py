"""Whoever opens an address that only takes a form is where they were."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.route_walk import address

pytestmark = pytest.mark.portable


def only_forms(app: Flask) -> Iterator[Rule]:
    """Every rule whose address takes a POST and no GET, by any rule."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = address(app, rule, {})
        if "POST" in (rule.methods or ()) and not adapter.test(path, "GET"):
            yield rule


def test_every_address_that_only_takes_a_form_leads_to_a_page(
    app: Flask, client: FlaskClient
) -> None:
    adapter, tried = app.url_map.bind("localhost"), 0
    for rule in only_forms(app):
        path = address(app, rule, {})
        assert client.get(path, headers={"Accept": "application/json"}).status_code == 405, path
        if rule.rule.startswith("/api/"):
            continue
        answer = client.get(path, headers=BROWSER)
        assert answer.status_code == 303, path
        assert "no-store" in answer.headers["Cache-Control"]
        to = urlsplit(answer.headers["Location"]).path
        assert adapter.test(to, "GET"), (path, to)
        assert to != "/" or path in {"/transactions", "/policy-reports", "/webhooks/stripe"}, path
        tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    ("came_from", "to"),
    [
        ("http://localhost/account/subscriptions?of=me", "/account/subscriptions?of=me"),
        ("http://localhost//elsewhere.example/account", "/cart"),
        ("http://localhost/de//elsewhere.example/account", "/cart"),
        ("http://localhost/de//account", "/account"),
        ("http://localhost/orders", "/cart"),
        ("http://localhost/nothing", "/cart"),
        ("https://elsewhere.example/account", "/cart"),
        ("http://[", "/cart"),
        ("", "/cart"),
    ],
)
def test_it_is_the_page_that_they_came_from_where_that_is_ours(
    client: FlaskClient, came_from: str, to: str
) -> None:
    answer = client.get("/orders", headers={**BROWSER, "Referer": came_from})
    assert answer.headers["Location"] == to


def test_of_what_nobody_sends_a_form_to_there_is_no_way_back(client: FlaskClient) -> None:
    assert client.put("/orders", headers=BROWSER).status_code == 405
    assert client.get("/nothing", headers=BROWSER).status_code == 404


def test_a_form_that_was_shown_again_is_found_again(checkout: CheckoutClient) -> None:
    assert checkout.client.get("/transactions", headers=BROWSER).headers["Location"] == "/"
    assert checkout.send(checkout.form() | {"email": "nobody"}).status_code == 422
    answer = checkout.client.get("/transactions", headers=BROWSER)
    assert answer.headers["Location"] == "/checkout/field-notes"


@pytest.mark.parametrize("path", ["/account/leave", "/account/leave_everywhere", "/account/links"])
def test_one_beside_a_page_of_any_name_leads_back_too(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "no-store" in answer.headers["Cache-Control"]
