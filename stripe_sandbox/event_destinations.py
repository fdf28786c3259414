"""API v2's event destinations: webhook endpoints, those of API v1 among them, with scope and
payload. https://docs.stripe.com/api/v2/core/event-destinations"""

from datetime import UTC, datetime
from typing import Any

from stripe_sandbox import API_VERSION, ids
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError, missing_resource
from stripe_sandbox.params import (
    array_of,
    choice,
    hash_of,
    merged_metadata,
    metadata,
    page_size,
    text,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

PATH = "/v2/core/event_destinations"
_KIND = "v2.core.event_destination"
_URL, _SECRET = "webhook_endpoint.url", "webhook_endpoint.signing_secret"
_FIELDS = {
    "description": text,
    "enabled_events": array_of(text),
    "include": array_of(choice(_URL, _SECRET)),
    "metadata": metadata,
    "name": text,
    "webhook_endpoint": hash_of(url=text),
}
_NEW = {
    "event_payload": choice("snapshot", "thin"),
    "events_from": array_of(choice("@self", "@accounts")),
    "snapshot_api_version": text,
    "type": choice("webhook_endpoint"),
}
_PAGE = 20


@route(
    "POST",
    PATH,
    {**_FIELDS, **_NEW},
    required=("enabled_events", "event_payload", "name", "type", "webhook_endpoint"),
)
def create(call: Call, params: dict[str, Any]) -> Object:
    thin = params["event_payload"] == "thin"
    scopes = params.get("events_from", ["@self"])
    if len(scopes) != 1:
        raise ApiError(400, "The sandbox takes one scope.", param="events_from")
    if thin and "snapshot_api_version" in params:
        raise ApiError(400, "Thin events have no version.", param="snapshot_api_version")
    _check_events(params["enabled_events"], thin)
    endpoint = call.new(
        "webhook_endpoint",
        "ed_test",
        api_version=None if thin else params.get("snapshot_api_version", API_VERSION),
        application=None,
        description=params.get("description", ""),
        enabled_events=params["enabled_events"],
        metadata=merged_metadata({}, params.get("metadata")),
        status="enabled",
        url=params["webhook_endpoint"]["url"],
        _name=params["name"],
        _secret=f"whsec_{ids.random_text(32)}",
        _connect=scopes == ["@accounts"],
        _thin=thin,
    )
    return _shown(call.put(endpoint), params)


@route("GET", PATH, {"include": array_of(choice(_URL)), "limit": page_size, "page": text})
def list_(call: Call, params: dict[str, Any]) -> Object:
    limit, start = params.get("limit", _PAGE), int(params.get("page", "0"))
    # Those of the command line are everybody's.
    found = [
        endpoint
        for account in (call.account, "")
        for endpoint in call.store.select(account, "webhook_endpoint")
        if endpoint["status"] != "deleted"
    ]
    more = f"&include[0]={_URL}" if params.get("include") else ""
    following = f"{PATH}?limit={limit}&page={start + limit}{more}"
    return {
        "data": [_shown(endpoint, params) for endpoint in found[start : start + limit]],
        "next_page_url": following if len(found) > start + limit else None,
        "previous_page_url": None,
    }


@route("GET", f"{PATH}/{{destination_id}}", {"include": array_of(choice(_URL))})
def retrieve(call: Call, params: dict[str, Any], destination_id: str) -> Object:
    return _shown(_get(call, destination_id), params)


@route("POST", f"{PATH}/{{destination_id}}", _FIELDS)
def update(call: Call, params: dict[str, Any], destination_id: str) -> Object:
    endpoint = _get(call, destination_id)
    if "enabled_events" in params:
        _check_events(params["enabled_events"], endpoint.get("_thin", False))
    for name in ("description", "enabled_events"):
        endpoint[name] = params.get(name, endpoint.get(name))
    endpoint["_name"] = params.get("name", endpoint.get("_name"))
    endpoint["metadata"] = merged_metadata(endpoint.get("metadata", {}), params.get("metadata"))
    endpoint["url"] = params.get("webhook_endpoint", endpoint)["url"]
    return _shown(call.put(endpoint), params)


@route("POST", f"{PATH}/{{destination_id}}/enable")
def enable(call: Call, params: dict[str, Any], destination_id: str) -> Object:
    return _shown(call.put({**_get(call, destination_id), "status": "enabled"}), params)


@route("POST", f"{PATH}/{{destination_id}}/disable")
def disable(call: Call, params: dict[str, Any], destination_id: str) -> Object:
    return _shown(call.put({**_get(call, destination_id), "status": "disabled"}), params)


@route("DELETE", f"{PATH}/{{destination_id}}")
def delete(call: Call, _params: dict[str, Any], destination_id: str) -> Object:
    call.put({**_get(call, destination_id), "status": "deleted"})
    return {"id": destination_id, "object": _KIND}


@route("POST", f"{PATH}/{{destination_id}}/ping")
def ping(call: Call, _params: dict[str, Any], destination_id: str) -> Object:
    endpoint = _get(call, destination_id)
    if endpoint["status"] != "enabled":
        raise ApiError(400, "This event destination is disabled.", code="destination_disabled")
    about = {"id": destination_id, "type": _KIND, "url": f"{PATH}/{destination_id}"}
    event = call.thin_event("v2.core.event_destination.ping", about)
    call.deliver(event, endpoint)
    return call.put(event)


def _get(call: Call, destination_id: str) -> Object:
    found = call.find(destination_id, "webhook_endpoint") or call.store.get(
        "", destination_id, "webhook_endpoint"
    )
    if not found or found["status"] == "deleted":
        raise missing_resource("event destination", destination_id, "id")
    return found


def _check_events(types: list[str], thin: bool) -> None:
    """A destination takes events of one kind: only thin ones begin with their API's version."""
    for type in types:
        if type != "*" and type.startswith(("v1.", "v2.")) != thin:
            kind = "thin" if thin else "snapshot"
            raise ApiError(400, f"{type} is no {kind} event.", param="enabled_events")


def _shown(endpoint: Object, params: dict[str, Any]) -> Object:
    wanted = params.get("include", [])
    disabled = {"disabled": {"reason": "user"}} if endpoint["status"] == "disabled" else None
    thin = endpoint.get("_thin", False)
    created = datetime.fromtimestamp(endpoint["created"], UTC)
    return {
        "id": endpoint["id"],
        "object": _KIND,
        "created": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
        "description": endpoint.get("description") or "",
        "enabled_events": endpoint["enabled_events"],
        "event_payload": "thin" if thin else "snapshot",
        "events_from": ["@accounts" if endpoint["_connect"] else "@self"],
        "livemode": False,
        "metadata": endpoint.get("metadata", {}),
        "name": endpoint.get("_name") or endpoint["url"],
        "snapshot_api_version": None if thin else endpoint.get("api_version", API_VERSION),
        "status": endpoint["status"],
        "status_details": disabled,
        "type": "webhook_endpoint",
        "updated": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
        "webhook_endpoint": {
            "signing_secret": endpoint["_secret"] if _SECRET in wanted else None,
            "url": endpoint["url"] if _URL in wanted else None,
        },
    }
