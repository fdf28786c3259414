"""Answers held against the schemas of the OpenAPI document, by what it uses of JSON Schema."""

from __future__ import annotations

from typing import Any

_TYPES = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
_WORDS = {"title", "description", "default", "format"}  # which say nothing that is checked here


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or that which it names."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def problems(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> list[str]:
    """Where a value is not as its schema says. A field that it does not name is a problem."""
    schema = resolved(document, schema)
    if "anyOf" in schema:
        found = [problems(document, one, value, at) for one in schema["anyOf"]]
        return min(found, key=len)
    known = {"type", "enum", "const", "properties", "required", "additionalProperties", "items"}
    assert set(schema) <= known | _WORDS, f"{at}: {sorted(schema)}"
    if "type" in schema and type(value) is not _TYPES[schema["type"]]:
        return [f"{at}: {value!r} is no {schema['type']}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return [f"{at}: {value!r} is not among the values"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [p for one in value for p in problems(document, items, one, f"{at}[]")]
    return _of_object(document, schema, value, at) if isinstance(value, dict) else []


def _of_object(
    document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str
) -> list[str]:
    said, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    found = [f"{at}: {name} is missing" for name in set(schema.get("required", [])) - set(value)]
    for name, inner in value.items():
        if name in said or isinstance(others, dict):
            found += problems(document, said.get(name, others), inner, f"{at}.{name}")
        elif not others:
            found.append(f"{at}: {name} is not in the document")
    return found
