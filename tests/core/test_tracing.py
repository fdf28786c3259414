"""One trace spans a request, the message that it leads to, and the calls to Stripe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from parts.app import Web
from parts.process import wait_until
from payments_app.config import Config, ConfigError

trace_service = pytest.importorskip(
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
    reason="requirements-tracing.txt is not installed",
)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # all processes tell at once, and what is refused is not sent again


class Collector:
    """What OpenTelemetry's collector takes, kept: spans by what they are called."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                import gzip

                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                told = trace_service.ExportTraceServiceRequest.FromString(body)
                for resource in told.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans.extend(scope.spans)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


@pytest.fixture
def settings(settings: dict[str, str], collector: Collector) -> dict[str, str]:
    return settings | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",  # milliseconds
    }


@pytest.fixture
def paid(site: Web, settings: dict[str, str]) -> str:
    """A payment that a program made; its id."""
    from flask import Flask

    from demo.products import add_demo_products
    from payments_app import create_app

    app: Flask = create_app(Config.from_env(settings | {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}))
    with app.app_context():
        add_demo_products()
    answer = requests.post(
        f"{site.url}/transactions",
        json={
            "item": "field-notes",
            "email": "ada@example.com",
            "payment_method": "pm_card_visa",
        },
        headers={"Idempotency-Key": "a-key-of-this-test-alone"},
        timeout=10,
    )
    answer.raise_for_status()
    return str(urlsplit(answer.headers["Location"]).path.rpartition("/")[2])


def test_one_trace_spans_request_message_and_stripe(
    site: Web, paid: str, collector: Collector
) -> None:
    names = ("POST /transactions", "charge", "stripe.confirm")
    assert wait_until(lambda: all(map(collector.named, names)), 60), collector.spans
    (request,) = collector.named("POST /transactions")
    (message,) = collector.named("charge")
    (confirm,) = collector.named("stripe.confirm")
    assert request.trace_id == message.trace_id == confirm.trace_id
    assert confirm.parent_span_id == message.span_id
    assert {a.key: a.value.string_value for a in message.attributes}["subject"] == paid
    statements = {
        span.trace_id for span in collector.spans if "INTO pay_transactions" in str(span.attributes)
    }
    assert statements == {request.trace_id}


def test_no_trace_tells_who_paid_or_a_link(site: Web, paid: str, collector: Collector) -> None:
    link = "/account/link_" + "a" * 40
    requests.get(f"{site.url}{link}", timeout=10)
    assert wait_until(lambda: bool(collector.named("stripe.confirm")), 60)
    assert wait_until(
        lambda: any(span.name.startswith("GET /account") for span in collector.spans), 60
    )
    told = str(collector.spans)
    assert "ada@" not in told
    assert "link_aaaa" not in told
    assert "_secret_" not in told


def test_what_an_error_says_is_cut_wherever_it_is_told(collector: Collector) -> None:
    """A mail server that refuses a mail for its link quotes it."""
    from opentelemetry.sdk.trace import TracerProvider

    from payments_app.core.tracing_export import InThisProcess

    provider = TracerProvider()
    provider.add_span_processor(InThisProcess(collector.url))
    said = f"550 no http://shop/account/link_{'a' * 40} please"
    with (
        pytest.raises(RuntimeError),
        provider.get_tracer("test").start_as_current_span("notices.send_mail"),
    ):
        raise RuntimeError(said)
    provider.shutdown()
    (told,) = collector.named("notices.send_mail")
    assert "link_[cut] please" in told.status.message
    assert "link_aaaa" not in str(told)


def test_an_endpoint_that_is_no_address_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="OTEL_EXPORTER_OTLP_ENDPOINT must be"):
        Config.from_env(settings | {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"})


def test_what_a_span_failed_of_is_cut() -> None:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status, StatusCode

    from payments_app.core.tracing_export import _cut

    said = "ValueError: 4242 4242 4242 4242 of pm_1AbCdEfGhIjKlMnOp by sk_test_secret"
    told = _cut(ReadableSpan("charge", status=Status(StatusCode.ERROR, said))).status
    assert told.status_code is StatusCode.ERROR
    assert told.description == "ValueError: [card number cut] of pm_[cut] by sk_test_[cut]"
    assert _cut(ReadableSpan("charge")).status.description is None
