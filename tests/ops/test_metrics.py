"""/metrics: for Prometheus alone, and right whichever process answers."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from payments_app.core.jobs.worker import store_started
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver

TOKEN, NEW = "Qm4vT8sXc2Lr9WbH6kNd", "z7Kq92mPzLw4Rt81"


@pytest.fixture
def metrics_token() -> str | None:
    return None


@pytest.fixture
def settings(settings: dict[str, str], metrics_token: str | None) -> dict[str, str]:
    return settings | ({"METRICS_TOKEN": metrics_token} if metrics_token else {})


@pytest.fixture
def post(app: Flask, app_context: None) -> WebhookSender:
    return WebhookSender(PaymentDriver(app))


def value_of(client: FlaskClient, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


@pytest.mark.portable
@pytest.mark.dialect
def test_a_death_counts_in_the_dead_letters_of_its_queue_and_job(
    job_driver: JobDriver, client: FlaskClient
) -> None:
    job_driver.dead_letter(queue="payment_critical")
    labels = {"queue": "payment_critical", "job": "test.fails"}
    assert value_of(client, "dead_letter_total", **labels) == 1
    assert value_of(client, "dead_letters", **labels) == 1


def test_a_job_that_never_died_counts_from_zero(client: FlaskClient) -> None:
    labels = {"queue": "payment_critical", "job": "ledger.post_capture"}
    assert value_of(client, "dead_letter_total", **labels) == 0
    assert value_of(client, "job_retries_total", **labels) == 0


@pytest.mark.portable
@pytest.mark.dialect
def test_retries_are_counted_by_job(job_driver: JobDriver, client: FlaskClient) -> None:
    job_driver.failing("test.fails", waits=(60,))
    job_driver.stage("test.fails")
    job_driver.work()
    assert value_of(client, "job_retries_total", job="test.fails") == 1
    assert value_of(client, "queue_retrying", job="test.fails") == 1


@pytest.mark.portable
@pytest.mark.dialect
def test_charges_are_counted_by_what_began_them(job_driver: JobDriver, client: FlaskClient) -> None:
    assert value_of(client, "charge_started_total", by="look") == 0
    store_started("charges", Counter({("charge", "job"): 3, ("look_up", "job"): 2}))
    store_started("charges", Counter({("charge", "job"): 1, ("charge", "look"): 1}))
    assert value_of(client, "charge_started_total", by="job") == 4
    assert value_of(client, "charge_started_total", by="look") == 1


def test_each_queue_says_how_late_it_is(job_driver: JobDriver, client: FlaskClient) -> None:
    assert value_of(client, "queue_latency_seconds", queue="charges") == 0
    job_driver.stage("charge", "nobody")
    late = value_of(client, "queue_latency_seconds", queue="charges")
    assert late is not None
    assert late > 0


def test_stripes_events_are_counted_by_what_came_of_them(
    post: WebhookSender, client: FlaskClient
) -> None:
    assert value_of(client, "stripe_events_recent") is None
    for _ in range(2):
        post.send(create_event("price.created"), work=False)
    post.send(create_event("refund.updated", payment_intent="pi_1"), work=False)
    assert value_of(client, "stripe_events_recent", type="price.created", state="ignored") == 2
    assert value_of(client, "stripe_events_recent", type="refund.updated", state="processed") == 1


def test_both_redis_are_measured(client: FlaskClient) -> None:
    assert value_of(client, "redis_up", role="jobs") == 1
    assert value_of(client, "redis_never_evicts", role="jobs") == 1
    assert value_of(client, "redis_append_only", role="jobs") == 0
    assert (value_of(client, "redis_memory_used_bytes", role="cache") or 0) > 0


class TestWithoutTheDatabase:
    @pytest.fixture
    def database_url(self) -> str:
        return "postgresql://nobody@127.0.0.1:1/nowhere"

    def test_the_metrics_say_that_it_is_away(self, client: FlaskClient) -> None:
        assert value_of(client, "database_up") == 0
        assert value_of(client, "redis_up", role="jobs") == 1


def test_this_machine_may_scrape(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_on_this_machine_forwards_may_not(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_another_machine_may_not(client: FlaskClient) -> None:
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", environ_base=elsewhere).status_code == 404


@pytest.mark.parametrize("metrics_token", [TOKEN, f"{NEW}, {TOKEN}"])
class TestWithAToken:
    def test_its_bearer_may_scrape_from_anywhere(
        self, client: FlaskClient, metrics_token: str
    ) -> None:
        """While it changes, by the old one and by the new one."""
        for token in metrics_token.split(", "):
            answer = client.get(
                "/metrics",
                headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.7"},
                environ_base={"REMOTE_ADDR": "192.0.2.8"},
            )
            assert answer.status_code == 200

    @pytest.mark.parametrize(
        "given", ["", "Bearer ", "Bearer another", TOKEN, f"Bearer {NEW}, {TOKEN}"]
    )
    def test_nobody_else_may_not_even_from_here(self, client: FlaskClient, given: str) -> None:
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404
