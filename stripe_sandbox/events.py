"""Events, and the endpoints they are posted to."""

from collections.abc import Sequence
from typing import Any

from stripe_sandbox import API_VERSION, ids
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, array_of, boolean, merged_metadata, metadata, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object, Store

# Thin events are API v2's alone.
_LISTED = (
    "json_extract(body, '$.status') != 'deleted' AND NOT coalesce(json_extract(body, '$._thin'), 0)"
)
_UNDELIVERED = "EXISTS (SELECT 1 FROM deliveries WHERE event = objects.id AND delivered = 0)"


@route("GET", "/v1/events/{event_id}")
def retrieve(call: Call, _params: dict[str, Any], event_id: str) -> Object:
    return call.get(event_id, "event")


@route(
    "GET",
    "/v1/events",
    {"type": text, "types": array_of(text), "delivery_success": boolean, **PAGE},
)
def list_(call: Call, params: dict[str, Any]) -> Object:
    condition = "TRUE"
    if "delivery_success" in params:
        condition = _UNDELIVERED
        if params["delivery_success"]:
            condition = f"NOT {_UNDELIVERED}"
    if len(params.get("types", ())) > 20:
        raise ApiError(400, "You may list at most 20 types.", param="types")
    if "types" in params:
        listed = ", ".join("'" + name.replace("'", "''") + "'" for name in params["types"])
        condition += f" AND json_extract(body, '$.type') IN ({listed})"
    return page(call, "event", "/v1/events", params, "type", condition=condition)


@route(
    "POST",
    "/v1/webhook_endpoints",
    {
        "url": text,
        "enabled_events": array_of(text),
        "api_version": text,
        "connect": boolean,
        "description": text,
        "metadata": metadata,
    },
    required=("url", "enabled_events"),
)
def create_endpoint(
    call: Call, params: dict[str, Any], *, secret: str | None = None, thin: bool = False
) -> Object:
    secret = secret or f"whsec_{ids.random_text(32)}"
    endpoint = call.new(
        "webhook_endpoint",
        "we",
        api_version=params.get("api_version", API_VERSION),
        application=None,
        description=params.get("description"),
        enabled_events=params["enabled_events"],
        metadata=merged_metadata({}, params.get("metadata")),
        status="enabled",
        url=params["url"],
        _secret=secret,
        _connect=params.get("connect", False),
        _thin=thin,
    )
    call.put(endpoint)
    return {**endpoint, "secret": secret}


@route("GET", "/v1/webhook_endpoints/{endpoint_id}")
def retrieve_endpoint(call: Call, _params: dict[str, Any], endpoint_id: str) -> Object:
    return call.get(endpoint_id, "webhook_endpoint")


@route("GET", "/v1/webhook_endpoints", PAGE)
def list_endpoints(call: Call, params: dict[str, Any]) -> Object:
    return page(
        call,
        "webhook_endpoint",
        "/v1/webhook_endpoints",
        params,
        condition=_LISTED,
    )


@route(
    "POST",
    "/v1/webhook_endpoints/{endpoint_id}",
    {
        "url": text,
        "enabled_events": array_of(text),
        "disabled": boolean,
        "description": text,
        "metadata": metadata,
    },
)
def update_endpoint(call: Call, params: dict[str, Any], endpoint_id: str) -> Object:
    endpoint = call.get(endpoint_id, "webhook_endpoint")
    for name in ("url", "enabled_events", "description"):
        endpoint[name] = params.get(name, endpoint[name])
    endpoint["metadata"] = merged_metadata(endpoint["metadata"], params.get("metadata"))
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return call.put(endpoint)


@route("DELETE", "/v1/webhook_endpoints/{endpoint_id}")
def delete_endpoint(call: Call, _params: dict[str, Any], endpoint_id: str) -> Object:
    endpoint = call.get(endpoint_id, "webhook_endpoint")
    call.put({**endpoint, "status": "deleted"})
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}


def serve_every_account(store: Store, url: str, secrets: Sequence[str | None]) -> None:
    """The destinations given on the command line, kept under no account at all: for an account's
    own events, its connected accounts' snapshots, and their thin events."""
    for place, secret in enumerate(secrets):
        if secret:
            store.put(
                "",
                {
                    "id": f"we_of_the_command_line_{place}",
                    "object": "webhook_endpoint",
                    "created": 0,
                    "api_version": API_VERSION,
                    "enabled_events": ["*"],
                    "status": "enabled",
                    "url": url,
                    "_secret": secret,
                    "_connect": place > 0,
                    "_thin": place > 1,
                },
            )


def forget_every_account(store: Store) -> None:
    """An earlier start's command line says nothing about this one."""
    store.query("DELETE FROM objects WHERE account = ''")
