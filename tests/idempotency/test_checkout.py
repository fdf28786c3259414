"""POST /transactions under a key: one payment, one answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis as RedisClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from demo.products import add_demo_products
from parts.redis import Redis
from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from tests.bystanders import own

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def shop(app: Flask) -> FlaskClient:
    with app.app_context():
        add_demo_products()
    return app.test_client(use_cookies=False)


def buy(shop: FlaskClient, key: str = "key-1", **changes: object) -> TestResponse:
    wish = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    return shop.post("/transactions", json=wish | changes, headers={"Idempotency-Key": key})


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(
            select(func.count()).select_from(Transaction).where(own(Transaction))
        ).one()


def test_a_repetition_has_the_same_bytes_and_place(app: Flask, shop: FlaskClient) -> None:
    first, second = buy(shop), buy(shop)
    assert (first.status_code, second.status_code) == (202, 202)
    assert (second.data, second.location) == (first.data, first.location)
    assert second.headers["X-Idempotency-Replayed"] == "true"
    assert "Set-Cookie" not in second.headers
    assert count(app) == 1


def test_a_new_confirmation_token_is_the_same_wish(app: Flask, shop: FlaskClient) -> None:
    first = buy(shop, payment_method=None, confirmation_token="ctoken_1")
    second = buy(shop, payment_method=None, confirmation_token="ctoken_2")
    assert second.data == first.data
    assert second.headers["X-Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "written",
    [
        {"quantity": "1"},
        {"quantity": ""},
        {"quantity": " 1 "},
        {"email": " ada@example.com "},
        {"email": "Ada@EXAMPLE.com"},
        {"item": " field-notes"},
    ],
    ids=str,
)
def test_a_wish_that_is_written_otherwise_is_the_same(
    app: Flask, shop: FlaskClient, written: dict[str, object]
) -> None:
    first, second = buy(shop), buy(shop, **written)
    assert (second.status_code, second.data) == (202, first.data)
    assert second.headers["X-Idempotency-Replayed"] == "true"
    other = buy(shop, email="grace@example.com")
    assert other.json["error"]["code"] == "idempotency_key_reuse"
    assert count(app) == 1


def test_another_quantity_is_another_wish(app: Flask, shop: FlaskClient) -> None:
    buy(shop)
    answer = buy(shop, quantity=2)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "idempotency_key_reuse")
    assert count(app) == 1


def test_a_refused_wish_may_be_mended_under_its_key(app: Flask, shop: FlaskClient) -> None:
    assert buy(shop, payment_method=None).status_code == 422
    assert buy(shop).status_code == 202


def test_without_the_stores_memory_the_row_answers(
    app: Flask, shop: FlaskClient, redis_urls: tuple[str, str]
) -> None:
    first = buy(shop)
    RedisClient.from_url(redis_urls[0]).flushdb()
    second = buy(shop)
    assert second.data == first.data
    assert second.headers["X-Idempotency-Replayed"] == "true"
    assert count(app) == 1


class TestWhileRedisIsAway:
    @pytest.fixture
    def settings(self, settings: dict[str, str], tmp_path: Path) -> dict[str, str]:
        with Redis(tmp_path / "gone") as gone:
            return settings | {"REDIS_URL": gone.url()}

    def test_the_row_holds_its_key(self, app: Flask, shop: FlaskClient) -> None:
        first, second = buy(shop), buy(shop)
        assert (first.status_code, second.status_code) == (202, 202)
        assert second.data == first.data
        assert count(app) == 1

    def test_the_row_refuses_another_wish(self, app: Flask, shop: FlaskClient) -> None:
        buy(shop)
        assert buy(shop, quantity=2).json["error"]["code"] == "idempotency_key_reuse"


def test_nesting_that_nobody_reads_is_refused(app: Flask, shop: FlaskClient) -> None:
    answer = shop.post("/transactions", data=b"[" * 16_000, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_json")
