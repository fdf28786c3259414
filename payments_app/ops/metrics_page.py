"""/metrics for Prometheus, and who may read it. Scrape one instance."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import NotFound

from payments_app.core.web.access import public
from payments_app.core.web.incoming import any_host
from payments_app.ops.blueprint import blueprint
from payments_app.ops.metrics import Collector

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@blueprint.get("/metrics")
@public
@any_host
def metrics() -> Response:
    """The metrics, for who may see them; to all others there is nothing here."""
    if not _may_scrape():
        raise NotFound
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_scrape() -> bool:
    """With METRICS_TOKEN its bearer alone; else this machine, unless a proxy on it forwards
    somebody else's request."""
    tokens = current_app.config["CONFIG"].metrics_tokens
    if tokens:
        given = request.headers.get("Authorization", "").encode()
        return any(hmac.compare_digest(given, f"Bearer {token}".encode()) for token in tokens)
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
