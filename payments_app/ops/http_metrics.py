"""What /metrics says of requests: counted by every web process (core/web/counters.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from flask import current_app
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from payments_app.core.web.counters import BOUNDS, REQUESTS, TOOK, TOOK_SUM, Named
from payments_app.inbound.views import REFUSED

REASONS = ("invalid_signature", "invalid_event")
_ROUTE_AT = {REQUESTS: 2, TOOK: 1, TOOK_SUM: 1}  # its place among the labels
_STATUS = ("/transactions/<transaction_id>", "/api/v1/transactions/<transaction_id>")


def from_counters() -> Iterator[Metric]:
    """Requests by route and status, their times, polls, and webhooks that were refused."""
    read: dict[Named, int] = current_app.extensions["counters"].read()
    routes = {rule.rule for rule in current_app.url_map.iter_rules()} | {"unknown"}
    told = {named: times for named, times in read.items() if _is_ours(named, routes)}
    requests = CounterMetricFamily(
        "http_requests", "Requests answered", labels=["method", "route", "status"]
    )
    polls = 0
    for labels, times in _of(told, REQUESTS, 3).items():
        requests.add_metric(labels, times)
        if labels[0] == "GET" and labels[1] in _STATUS:
            polls += times
    yield requests
    yield _times(told)
    asked = CounterMetricFamily("payment_polls", "How often the state of a payment was asked for")
    asked.add_metric([], polls)
    yield asked
    refused = CounterMetricFamily(
        "webhooks_refused", "Requests to Stripe's webhook that it did not send", labels=["reason"]
    )
    for reason in REASONS:
        refused.add_metric([reason], told.get((REFUSED, reason), 0))
    yield refused


def _is_ours(named: Named, routes: set[str]) -> bool:
    """Whether what is counted of a route is of one that there is: anybody who reaches that Redis
    may have written more."""
    at = _ROUTE_AT.get(named[0])
    return at is None or (len(named) > at and named[at] in routes)


def _of(told: Mapping[Named, int], what: str, labels: int) -> dict[tuple[str, ...], int]:
    return {
        named[1:]: times
        for named, times in sorted(told.items())
        if named[0] == what and len(named) == labels + 1
    }


def _times(told: Mapping[Named, int]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "http_request_seconds", "How long an answer took to begin", labels=["route"]
    )
    sums, found = _of(told, TOOK_SUM, 1), _of(told, TOOK, 2)
    for route in sorted({labels[0] for labels in found}):
        fell = accumulate(found.get((route, str(place)), 0) for place in range(len(_BOUNDS)))
        buckets = [(bound, float(total)) for bound, total in zip(_BOUNDS, fell, strict=True)]
        family.add_metric([route], buckets, sums.get((route,), 0) / 1e6)
    return family


_BOUNDS = (*map(str, BOUNDS), "+Inf")
