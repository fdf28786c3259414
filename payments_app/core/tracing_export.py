"""How traces are sent: by a thread of each process, and cut as a log is. Imported where tracing is
on alone."""
# mypy: disallow-subclassing-any=False

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Status

from payments_app.core.forking import forks_here
from payments_app.core.logs import redact, redacted

# What names an address of ours or a visitor: a link may be in the one, and the other is a person.
_CUT = frozenset(
    """
    http.target http.url url.path url.full url.query http.user_agent user_agent.original
    net.peer.ip net.peer.port client.address client.port network.peer.address network.peer.port
    """.split()
)
_TIMEOUT_SECONDS = 5


class InThisProcess(SpanProcessor):
    """Sends to `endpoint` from a thread that the first span of a process begins, if it may."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._pid = endpoint, 0
        self._batch: Any = None  # its functions have no types, as those below

    def on_end(self, span: Any) -> None:
        """See SpanProcessor, as those that follow."""
        if forks_here():
            return
        if self._pid != os.getpid():
            self._batch, self._pid = BatchSpanProcessor(_Cutting(self._endpoint)), os.getpid()
        self._batch.on_end(span)

    def shutdown(self) -> None:
        if self._pid == os.getpid():
            self._batch.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._pid != os.getpid() or bool(self._batch.force_flush(timeout_millis))


class _Cutting(SpanExporter):
    def __init__(self, endpoint: str) -> None:
        url = f"{endpoint}/v1/traces"
        self._sends: Any = OTLPSpanExporter(endpoint=url, timeout=_TIMEOUT_SECONDS)

    def export(self, spans: Sequence[Any]) -> Any:
        return self._sends.export([_cut(each) for each in spans])

    def shutdown(self) -> None:
        self._sends.shutdown()


def _cut(span: Any) -> Any:
    return ReadableSpan(
        name=redact(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_attributes(span.attributes),
        events=[Event(e.name, _attributes(e.attributes), e.timestamp) for e in span.events],
        links=span.links,
        kind=span.kind,
        status=_status(span.status),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _status(status: Status) -> Status:
    """Of one that failed, the words of the exception that ended it."""
    said = status.description
    return Status(status.status_code, redact(said)) if said else status


def _attributes(told: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: redacted(value) for name, value in (told or {}).items() if name not in _CUT}
