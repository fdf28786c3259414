"""The JSON bodies of API v2, read as the form that would say the same."""

import json
from typing import Any

from stripe_sandbox.errors import ApiError


def parse(body: bytes) -> dict[str, Any]:
    """As `form.parse` answers, so that the kinds of parameters read both. Raises ApiError 400."""
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError(400, f"Invalid JSON in request body: {error}") from error
    if not isinstance(content, dict):
        raise ApiError(400, "Invalid request: the body is no JSON object.")
    return {name: _as_form(value) for name, value in content.items()}


def _as_form(value: Any) -> Any:
    """A list becomes a dictionary of positions, and null an empty text: it unsets."""
    if isinstance(value, dict):
        return {name: _as_form(item) for name, item in value.items()}
    if isinstance(value, list):
        return {str(place): _as_form(item) for place, item in enumerate(value)}
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
