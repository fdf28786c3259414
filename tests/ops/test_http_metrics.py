"""Requests, polls and refused webhooks are counted, for all processes together."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis as RedisClient

from payments_app import create_app
from payments_app.core.web.counters import KEY
from tests.ops.test_metrics import value_of
from tests.payments.driver import PaymentDriver


def test_a_request_is_counted_by_route_and_status(client: FlaskClient) -> None:
    for _ in range(2):
        client.get("/transactions/txn_nobody")
    labels = {"method": "GET", "route": "/transactions/<transaction_id>", "status": "404"}
    assert value_of(client, "http_requests_total", **labels) == 2


def test_an_address_of_nothing_is_counted_without_its_name(client: FlaskClient) -> None:
    client.get("/nothing/of/ours")
    labels = {"method": "GET", "route": "unknown", "status": "404"}
    assert value_of(client, "http_requests_total", **labels) == 1
    assert "/nothing/of/ours" not in client.get("/metrics").text


def test_a_time_falls_under_every_bound_above_it(client: FlaskClient) -> None:
    client.get("/healthz")
    route = {"route": "/healthz"}
    within = value_of(client, "http_request_seconds_bucket", le="+Inf", **route)
    assert within == value_of(client, "http_request_seconds_count", **route) == 1
    assert value_of(client, "http_request_seconds_bucket", le="10.0", **route) == 1
    assert 0 < (value_of(client, "http_request_seconds_sum", **route) or 0) < 10


def test_polls_are_counted_whether_or_not_flask_answers(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        paid = PaymentDriver(app).pay()
    client.get(f"/transactions/{paid}", headers={"Accept": "application/json"})
    client.get(f"/transactions/{paid}", headers={"Accept": "text/html"})
    assert value_of(client, "payment_polls_total") == 2


@pytest.mark.parametrize(("body", "reason"), [(b"{}", "invalid_signature")], ids=["forged"])
def test_a_refused_webhook_is_counted(client: FlaskClient, body: bytes, reason: str) -> None:
    assert value_of(client, "webhooks_refused_total", reason=reason) == 0
    client.post("/webhooks/stripe", data=body, content_type="application/json")
    assert value_of(client, "webhooks_refused_total", reason=reason) == 1


def test_processes_are_counted_together(app: Flask, client: FlaskClient) -> None:
    other = create_app(app.config["CONFIG"])
    other.test_client().get("/healthz")
    other.extensions["counters"].flush()
    client.get("/healthz")
    labels = {"route": "/healthz", "status": "200"}
    assert value_of(client, "http_requests_total", **labels) == 2


def test_what_others_write_into_that_redis_is_not_read_where_it_is_long_or_no_route(
    client: FlaskClient, redis_urls: tuple[str, str]
) -> None:
    client.get("/healthz")
    with RedisClient.from_url(redis_urls[1]) as cache:
        for label in ("/" + "a" * 1_000_000, "/nothing/of/ours"):
            cache.hset(KEY, json.dumps(["requests", "GET", label, "200"]), 1)
            cache.hset(KEY, json.dumps(["took", label, "1"]), 1)
        cache.hset(KEY, json.dumps(["requests", "GET", "/healthz", "299"]), "1" * 1000)
    found = client.get("/metrics").text
    assert "/nothing/of/ours" not in found
    assert "aaaa" not in found
    assert '"299"' not in found
    assert value_of(client, "http_requests_total", route="/healthz", status="200") == 1


def test_what_others_write_into_that_redis_breaks_nothing(
    app: Flask, client: FlaskClient, redis_urls: tuple[str, str]
) -> None:
    with RedisClient.from_url(redis_urls[1]) as cache:
        cache.hset(KEY, mapping={"no json": 1, '["requests", 7]': 1, '["requests"]': "x", "7": 1})
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("field", "times"),
    [
        ("[" * 50_000, "1"),
        ('["requests", "GET", "/", "200"]', "9" * 4000),
        ('["requests", "GET", "\\ud800", "200"]', "1"),
        ('["took", "/", "0"]', "-5"),
        (b"\xff", b"\xff"),
    ],
    ids=["deep", "huge", "no character", "negative", "no text"],
)
def test_nor_does_what_no_counter_ever_says(
    client: FlaskClient, redis_urls: tuple[str, str], field: str | bytes, times: str | bytes
) -> None:
    with RedisClient.from_url(redis_urls[1]) as cache:
        cache.hset(KEY, field, times)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "-5" not in answer.text


def test_nobody_waits_for_more_than_is_ever_counted(
    client: FlaskClient, redis_urls: tuple[str, str]
) -> None:
    with RedisClient.from_url(redis_urls[1]) as cache:
        made_up = {f'["requests", "GET", "/{number}", "200"]': 1 for number in range(20_001)}
        cache.hset(KEY, mapping=made_up)
    assert "/20000" not in client.get("/metrics").text


def test_nothing_is_lost_while_redis_is_away(app: Flask, client: FlaskClient) -> None:
    counters = app.extensions["counters"]
    there, counters._redis = counters._redis, RedisClient.from_url("redis://127.0.0.1:1/0")
    client.get("/healthz")
    counters.flush()
    counters._redis, counters._rest._until = there, 0.0
    assert value_of(client, "http_requests_total", route="/healthz", status="200") == 1
