"""Lists, as every list of the API is paged and filtered."""

from typing import Any

from stripe_sandbox.call import Call
from stripe_sandbox.errors import missing_resource
from stripe_sandbox.store import Object

_COMPARISON = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(
    call: Call,
    kind: str,
    url: str,
    params: dict[str, Any],
    *filters: str,
    condition: str = "TRUE",
) -> Object:
    """`filters` name the parameters that compare equal with the field of their name."""
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and not call.find(params[cursor], kind):
            raise missing_resource(kind, params[cursor], cursor, 400)
    for bound, seconds in params.get("created", {}).items():
        condition += f" AND created {_COMPARISON[bound]} {seconds:d}"
    limit = params.get("limit", 10)
    found = call.store.select(
        call.account,
        kind,
        {name: params[name] for name in filters if name in params},
        condition=condition,
        after=params.get("starting_after"),
        before=params.get("ending_before"),
        limit=limit + 1,
    )
    surplus = len(found) > limit
    kept = found[1:] if surplus and "ending_before" in params else found[:limit]
    return {"object": "list", "url": url, "has_more": surplus, "data": kept}
