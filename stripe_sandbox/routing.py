"""Which function answers which method and path."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.params import EXPAND, Fields


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    handler: Callable[..., Any]
    fields: Fields
    required: tuple[str, ...]
    publishable: bool


_routes: list[Route] = []


def route(
    method: str,
    path: str,
    fields: Fields | None = None,
    *,
    required: tuple[str, ...] = (),
    publishable: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An API endpoint. `{name}` in the path is passed on; `publishable` lets a browser call it.
    v2 has no `expand`."""
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        known = {**(fields or {}), **({} if path.startswith("/v2/") else EXPAND)}
        _routes.append(Route(method, pattern, handler, known, required, publishable))
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for candidate in _routes:
        if candidate.method == method and (match := candidate.pattern.match(path)):
            return candidate, match.groupdict()
    return None
