"""`expand[]`: ids replaced by the objects they name."""

from typing import Any

from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError


def expand(call: Call, thing: Any, paths: list[str]) -> Any:
    """Raises ApiError 400 for what is no reference."""
    for path in paths:
        thing = _expand(call, thing, path.split("."), path)
    return thing


def _expand(call: Call, thing: Any, parts: list[str], path: str) -> Any:
    if isinstance(thing, list):
        return [_expand(call, item, parts, path) for item in thing]
    if not parts or thing is None:
        return thing
    field, rest = parts[0], parts[1:]
    if not isinstance(thing, dict) or (field not in thing and not _is_refunds(thing, field)):
        raise ApiError(400, f"This property cannot be expanded ({path}).", param="expand")
    if _is_refunds(thing, field):
        value: Any = _refunds(call, thing)
    else:
        value = thing[field]
    if isinstance(value, str):
        value = call.store.get(call.account, value)
        if value is None:
            raise ApiError(400, f"This property cannot be expanded ({path}).", param="expand")
    return {**thing, field: _expand(call, value, rest, path)}


def _is_refunds(thing: dict[str, Any], field: str) -> bool:
    return thing.get("object") == "charge" and field == "refunds"


def _refunds(call: Call, charge: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": "list",
        "url": f"/v1/charges/{charge['id']}/refunds",
        "has_more": False,
        "data": call.store.select(call.account, "refund", {"charge": charge["id"]}),
    }
