"""An application that searches, again and again and at once, holds up itself alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.accounts.api_keys import ApiKey
from payments_app.core.extensions import db
from payments_app.core.web import exports
from tests.api.application import Application, new_key

pytestmark = pytest.mark.portable
LONG = [{"metadata[room]": "7"}, {"reference": "booking-1"}, {"status": "succeeded"}]


@pytest.fixture
def busy(shop_application: Application) -> Iterator[Application]:
    """Two of its searches are under way."""
    with shop_application.app.app_context():
        own = db.session.scalars(select(ApiKey.id).where(ApiKey.name == "shop")).one()
    with ExitStack() as under_way:
        for _ in range(2):
            under_way.enter_context(exports.long_page("application", own))
        yield shop_application


@pytest.mark.parametrize("query", LONG)
def test_two_searches_of_an_application_are_made_at_once(
    app: Flask, busy: Application, query: dict[str, str]
) -> None:
    refused = busy.get("payments", **query)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    other = Application(app, new_key(app, name="another"))
    assert other.get("payments", **query).status_code == 200


@pytest.mark.parametrize("path", ["payments", "events", "customers"])
def test_a_filter_in_the_body_is_refused_and_lists_nothing(
    shop_application: Application, path: str
) -> None:
    """As `requests.get(url, json=...)` sends it: it was left out, and all were listed."""
    made = shop_application.asked()["id"]
    named, client = shop_application.headers, shop_application.client
    refused = client.get(f"/api/v1/{path}", headers=named, json={"status": "succeeded"})
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "bad_request")
    assert made not in refused.text
    for nothing in ({}, None):
        listed = client.get(f"/api/v1/{path}", headers=named, json=nothing)
        assert listed.status_code == 200


def test_what_an_index_finds_is_no_search(busy: Application) -> None:
    made = busy.asked()
    assert busy.get("payments").status_code == 200
    assert busy.get("payments", created_from="2026-01-01T00:00:00Z").status_code == 200
    assert busy.payment(made["id"])["status"] == "requires_payment"


def test_a_search_that_is_over_leaves_its_place(shop_application: Application) -> None:
    found = [shop_application.get("payments", **query).status_code for query in LONG for _ in "ab"]
    assert set(found) == {200}
