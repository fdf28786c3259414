"""tracing: one trace spans a request, the messages that it leads to, and their calls to Stripe.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set: then nothing of OpenTelemetry is imported. What is
sent is cut as a log is, and names a request by its route. A message carries its trace with it
(`traceparent`, https://www.w3.org/TR/trace-context/), whoever works on it and whenever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app


def prepare(app: Flask) -> None:
    """Trace what this application does, where the setting says to whom it is told."""
    config = app.config["CONFIG"]
    endpoint = config.otlp_endpoint
    if endpoint is None or config.prefix:  # part of another application: what is traced is its own
        return
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    from payments_app.core.tracing_export import InThisProcess

    provider = TracerProvider(resource=Resource.create({"service.name": "payments"}))
    provider.add_span_processor(InThisProcess(endpoint))
    app.extensions["tracer_provider"] = provider
    app.extensions["tracer"] = provider.get_tracer("payments_app")
    for_requests: Any = FlaskInstrumentor()  # its functions have no types
    for_requests.instrument_app(app, tracer_provider=provider)
    RedisInstrumentor().instrument(tracer_provider=provider)


def prepare_engine(app: Flask) -> None:
    """Trace the statements too; call it once with the application's context pushed."""
    provider = app.extensions.get("tracer_provider")
    if provider is not None:
        from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor

        engines = list(app.extensions["sqlalchemy"].engines.values())
        # It names SQLAlchemy before 2.1, and works with it: tests/core/test_tracing.py looks.
        SQLAlchemyInstrumentor().instrument(
            engines=engines, tracer_provider=provider, skip_dep_check=True
        )


@contextmanager
def span(name: str, parent: str | None = None, **attributes: str) -> Iterator[None]:
    """Trace what is done inside, as a part of what is traced now, or of the trace `parent`."""
    tracer = current_app.extensions.get("tracer")
    if tracer is None:
        yield
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    within = None
    if parent:
        within = TraceContextTextMapPropagator().extract({"traceparent": parent})
    with tracer.start_as_current_span(name, context=within, attributes=attributes):
        yield


def traceparent() -> str | None:
    """What is traced now, for what goes on elsewhere; None where nothing is."""
    if current_app.extensions.get("tracer") is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
