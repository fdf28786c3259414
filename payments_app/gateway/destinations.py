"""Event destinations: where Stripe posts which events, of whom.

All are read and made through API v2: it alone makes those of thin events and tells whose events one
gets, and it lists those that API v1 or the dashboard made as well.
Source: https://docs.stripe.com/api/v2/core/event-destinations
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.client import client
from payments_app.gateway.exchange import object_call
from payments_app.gateway.pages import v2_objects
from payments_app.gateway.results import Answer

SNAPSHOT_PAYLOAD, THIN_PAYLOAD = "snapshot", "thin"
OURS, ACCOUNTS = "@self", "@accounts"
ALL_EVENTS = "*"
_KIND = "v2.core.event_destination"
_URL, _SECRET = "webhook_endpoint.url", "webhook_endpoint.signing_secret"
# In a destination's metadata: which secret it signs with, and no way back to that.
_FINGERPRINT, _UNKNOWN = "secret_fingerprint", "unknown"
# As versions before 2026-03-25 name them.
_SCOPES = {"self": OURS, "other_accounts": ACCOUNTS}


@dataclass(frozen=True)
class Destination:
    """A destination as it is at Stripe. `fingerprint` is that of the secret that it signs with,
    empty where somebody else made it; `version` is None of thin events."""

    id: str
    url: str | None
    events: frozenset[str]
    payload: str
    scope: tuple[str, ...]
    version: str | None
    enabled: bool
    fingerprint: str
    created: str  # ISO 8601, by Stripe's clock


def fingerprint(secret: str) -> str:
    """What may be kept and shown of a signing secret: it is the same for the same secret."""
    return hashlib.sha256(f"signing secret {secret}".encode()).hexdigest()[:16]


def list_destinations() -> list[Destination]:
    """Every webhook destination of the account, newest first. Raises UnreadableError."""
    found = v2_objects(lambda: client().v2.core.event_destinations.list({"include": [_URL]}))
    made = [_destination(each) for each in found if each.get("type") == "webhook_endpoint"]
    return sorted(made, key=lambda each: each.created, reverse=True)


def create(
    name: str,
    *,
    url: str,
    events: Collection[str],
    payload: str,
    scope: str,
    version: str | None,
) -> tuple[Answer, str | None]:
    """Make a destination; its secret, which Stripe never tells again, and is not in the answer."""
    wanted: dict[str, Any] = {
        "name": name,
        "type": "webhook_endpoint",
        "webhook_endpoint": {"url": url},
        "enabled_events": sorted(events),
        "event_payload": payload,
        "events_from": [scope],
        "include": [_SECRET],
        # Until it is written: an answer that gets lost leaves a secret that nobody has.
        "metadata": {_FINGERPRINT: _UNKNOWN},
        **({"snapshot_api_version": version} if version else {}),
    }
    answer = object_call(
        "destination_create",
        _KIND,
        lambda: client().v2.core.event_destinations.create(wanted),  # type: ignore[arg-type]
    )
    secret = as_object((answer.body or {}).get("webhook_endpoint")).get("signing_secret")
    if not isinstance(secret, str):
        return answer, None
    id_ = str(answer.expect_body()["id"])
    marked = _update(id_, {"metadata": {_FINGERPRINT: fingerprint(secret)}})
    body = {**answer.expect_body(), "webhook_endpoint": None}
    return replace(answer, body=body, error=marked.error), secret


def change_events(destination_id: str, events: Collection[str]) -> Answer:
    """Have it send these events from now on."""
    return _update(destination_id, {"enabled_events": sorted(events)})


def enable(destination_id: str) -> Answer:
    """Have Stripe post to it again."""
    return object_call(
        "destination_enable",
        _KIND,
        lambda: client().v2.core.event_destinations.enable(destination_id),
    )


def disable(destination_id: str) -> Answer:
    """Have Stripe post nothing to it any more."""
    return object_call(
        "destination_disable",
        _KIND,
        lambda: client().v2.core.event_destinations.disable(destination_id),
    )


def ping(destination_id: str) -> Answer:
    """Have Stripe post an event there now that says nothing."""
    return object_call(
        "destination_ping",
        "v2.core.event",
        lambda: client().v2.core.event_destinations.ping(destination_id),
    )


def _update(destination_id: str, changed: dict[str, Any]) -> Answer:
    return object_call(
        "destination_update",
        _KIND,
        lambda: client().v2.core.event_destinations.update(
            destination_id,
            changed,  # type: ignore[arg-type]
        ),
    )


def _destination(body: dict[str, Any]) -> Destination:
    scope = body.get("events_from") or [OURS]
    return Destination(
        id=str(body["id"]),
        url=as_object(body.get("webhook_endpoint")).get("url"),
        events=frozenset(body.get("enabled_events") or ()),
        payload=str(body.get("event_payload")),
        scope=tuple(sorted(_SCOPES.get(each, each) for each in scope)),
        version=body.get("snapshot_api_version"),
        enabled=body.get("status") == "enabled",
        fingerprint=str(as_object(body.get("metadata")).get(_FINGERPRINT) or ""),
        created=str(body.get("created")),
    )
