"""Stripe's form encoding: `a[b]=1`, `a[0]=1`, `a[]=1` as nested dictionaries of strings."""

import re
from typing import Any
from urllib.parse import parse_qsl

from stripe_sandbox.errors import ApiError

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def parse(encoded: str) -> dict[str, Any]:
    """A list stays a dictionary of positions: only its parameter's kind tells them apart.

    Raises ApiError 400 for a key that is not well-formed.
    """
    result: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        match = _KEY.match(key)
        if not match:
            raise ApiError(400, f"Invalid parameter name: {key}", param=key)
        _put(result, [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])], value)
    return result


def _put(target: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        child = target.setdefault(part or str(len(target)), {})
        if not isinstance(child, dict):
            raise ApiError(400, f"Invalid object: {path[0]}", param=path[0])
        target = child
    target[path[-1] or str(len(target))] = value
