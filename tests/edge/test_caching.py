"""What caches may keep, and how they ask again."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from demo.products import DEMO_PRODUCTS, add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.core.web import cache, headers
from payments_app.orders.product_models import Product

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("products")]

PUBLIC = "public, max-age=60, s-maxage=300, stale-while-revalidate=30"
EXPENSIVE = "public, max-age=120, s-maxage=600, stale-while-revalidate=30"


@pytest.fixture
def products(app: Flask) -> None:
    with app.app_context():
        add_demo_products()


@atomic
def _set_price(session: Any, slug: str, amount: int) -> None:
    product = session.query(Product).filter_by(slug=slug).one()
    product.amount = amount


@atomic
def _take_off_sale(session: Any, *slugs: str) -> None:
    for product in session.query(Product).filter(Product.slug.in_(slugs)):
        product.active = False


@pytest.mark.parametrize(
    ("path", "policy", "keys"),
    [
        ("/api/v1/products", PUBLIC, "products"),
        ("/api/v1/products/field-notes", PUBLIC, "product-field-notes"),
        ("/api/v1/bestsellers", EXPENSIVE, "bestsellers"),
    ],
)
def test_public_data_says_how_long_and_under_which_key(
    client: FlaskClient, path: str, policy: str, keys: str
) -> None:
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == policy
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Surrogate-Key"] == keys
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/products", "/api/v1/products/field-notes"])
def test_it_is_not_sent_again_to_who_has_it(client: FlaskClient, path: str) -> None:
    first = client.get(path).headers
    by_etag = client.get(path, headers={"If-None-Match": first["ETag"]})
    by_time = client.get(path, headers={"If-Modified-Since": first["Last-Modified"]})
    assert by_etag.status_code == by_time.status_code == 304
    assert by_etag.data == b""
    assert by_etag.headers["Cache-Control"] == PUBLIC


def test_a_changed_price_has_another_etag(app: Flask, client: FlaskClient) -> None:
    first = client.get("/api/v1/products").headers["ETag"]
    with app.app_context():
        _set_price("field-notes", 1)
    again = client.get("/api/v1/products", headers={"If-None-Match": first})
    assert again.status_code == 200
    assert again.headers["ETag"] != first


def test_the_list_says_what_is_so_now(app: Flask, client: FlaskClient) -> None:
    def listed() -> dict[str, Any]:
        found = client.get("/api/v1/products").get_json()["products"]
        return {product["slug"]: product for product in found}

    first, sent = listed(), client.get("/api/v1/products").data
    old = first["field-notes"]["amount"]
    with app.app_context():
        _set_price("field-notes", old + 1)
    changed = {"amount": old + 1, "amount_text": str(Money(old + 1, "usd"))}
    assert listed() == first | {"field-notes": first["field-notes"] | changed}
    with app.app_context():
        _set_price("field-notes", old)
    assert client.get("/api/v1/products").data == sent
    with app.app_context():
        _take_off_sale("field-notes")
    assert listed() == {slug: each for slug, each in first.items() if slug != "field-notes"}


def test_an_empty_list_says_when_it_became_so(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        _take_off_sale(*(slug for slug, *_ in DEMO_PRODUCTS))
    answer = client.get("/api/v1/products")
    assert answer.get_json() == {"products": []}
    assert answer.last_modified is not None


def test_a_list_that_is_known_leads_to_where_it_is_asked_for(client: FlaskClient) -> None:
    """By the same process, alone and below another application's path."""
    for prefix in ("", "/pay"):
        asked = client.get("/api/v1/products", environ_overrides={"SCRIPT_NAME": prefix})
        leads = {product["checkout_url"] for product in asked.get_json()["products"]}
        assert f"{prefix}/checkout/field-notes" in leads


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_but_get_may_be_kept(client: FlaskClient, method: str) -> None:
    answer = client.open("/api/v1/products", method=method)
    assert answer.headers["Cache-Control"] == headers.PRIVATE


def test_a_miss_may_not_be_kept(client: FlaskClient) -> None:
    assert client.get("/api/v1/products/gone").headers["Cache-Control"] == headers.PRIVATE


def test_something_costly_is_made_once_for_a_version(app: Flask) -> None:
    made = []
    with app.app_context():
        for version in ("1", "1", "2"):
            cache.remembered("thing", version, 60, lambda v=version: made.append(v) or [v])
    assert made == ["1", "2"]


def test_what_is_kept_is_json(app: Flask) -> None:
    with app.app_context():
        cache.remembered("thing", "1", 60, lambda: {"a": 1})
        redis = cache._cache.cache._read_client
        kept = redis.get(next(key for key in redis.keys("public:*thing*")))
    assert json.loads(kept)["value"] == {"a": 1}


def test_a_purge_forgets_what_is_kept(app: Flask, cli: FlaskCliRunner) -> None:
    with app.app_context():
        cache.remembered("thing", "1", 60, lambda: "old")
    done = cli.invoke(args=["cache", "purge", "thing"])
    assert done.exit_code == 0, done.output
    with app.app_context():
        assert cache.remembered("thing", "1", 60, lambda: "new") == "new"


class TestWithoutRedis:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CACHE_REDIS_URL": "redis://127.0.0.1:1/0"}

    def test_the_answer_is_worked_out_again(self, client: FlaskClient) -> None:
        assert client.get("/api/v1/bestsellers").status_code == 200


class TestAtTheCdn:
    @pytest.fixture
    def cdn(self) -> Iterator[http.server.HTTPServer]:
        class Edge(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.server.asked.append(dict(self.headers))
                self.send_response(self.server.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Edge) as server:
            server.asked, server.status = [], 200
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    @pytest.fixture
    def settings(self, settings: dict[str, str], cdn: http.server.HTTPServer) -> dict[str, str]:
        url = f"http://127.0.0.1:{cdn.server_port}/purge"
        return settings | {"CDN_PURGE_URL": url, "CDN_PURGE_TOKEN": "token"}

    def test_a_purge_names_the_key(self, cli: FlaskCliRunner, cdn: http.server.HTTPServer) -> None:
        cli.invoke(args=["cache", "purge", "products"])
        assert cdn.asked[0]["Surrogate-Key"] == "products"
        assert cdn.asked[0]["Fastly-Key"] == "token"

    def test_a_refusal_is_told(self, cli: FlaskCliRunner, cdn: http.server.HTTPServer) -> None:
        cdn.status = 403
        done = cli.invoke(args=["cache", "purge", "products"])
        assert done.exit_code == 1
        assert "the CDN was not purged" in done.output
