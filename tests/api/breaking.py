"""What a new OpenAPI document takes from those who rely on an older one."""

from __future__ import annotations

from typing import Any

from tests.api.schemas import resolved

Document = dict[str, Any]
_HIGHEST, _LEAST = ("maximum", "maxLength", "maxItems"), ("minimum", "minLength", "minItems")
_ENDLESS = float("inf")


class Comparison:
    """`found` holds a sentence for each breaking difference: what was sent and would be refused,
    what was answered and would not be."""

    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new, self.found = old, new, list[str]()
        for path, methods in old["paths"].items():
            for method, operation in methods.items():
                at, after = f"{method} {path}", new["paths"].get(path, {}).get(method)
                if after is None:
                    self.found.append(f"{at} is gone")
                else:
                    self._operation(at, operation, after)

    def _operation(self, at: str, old: Document, new: Document) -> None:
        before, after = (
            {one["name"]: one for one in each.get("parameters", [])} for each in (old, new)
        )
        self.found += [f"{at}: {name} is gone" for name in before if name not in after]
        for name, one in after.items():
            if one["required"] and not before.get(name, {}).get("required"):
                self.found.append(f"{at}: {name} is required")
            if name in before:
                self._schema(f"{at}: {name}", before[name]["schema"], one["schema"], sent=True)
        if "requestBody" in new:
            self._schema(f"{at} body", _body(old), _body(new), sent=True)
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                self.found.append(f"{at}: {status} is gone")
            else:
                self._schema(
                    f"{at} {status}", _json(answer), _json(new["responses"][status]), sent=False
                )

    def _schema(self, at: str, old: Document, new: Document, *, sent: bool) -> None:
        before, after = _kinds(self.old, old), _kinds(self.new, new)
        narrow, wide = (before, after) if sent else (after, before)
        if "any" not in wide:
            self.found += [f"{at}: {kind}" for kind in sorted(set(narrow) - set(wide))]
        for kind in set(before) & set(after):
            self._kind(at, before[kind], after[kind], sent=sent)

    def _kind(self, at: str, old: Document, new: Document, *, sent: bool) -> None:
        narrow, wide = (old, new) if sent else (new, old)
        if (allowed := _values(wide)) is not None:
            values = _values(narrow)
            lost = ["any other value"] if values is None else sorted(values - allowed)
            self.found += [f"{at}: {value}" for value in lost]
        if sent:
            self._limits(at, old, new)
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, inner in before.items():
            if name not in after:
                self.found.append(f"{at}: {name} is gone")
            else:
                self._schema(f"{at}.{name}", inner, after[name], sent=sent)
        demanded, had = (new, old) if sent else (old, new)
        needed = set(demanded.get("required", [])) - set(had.get("required", []))
        self.found += [f"{at}: {name} is {'' if sent else 'not '}required" for name in needed]
        if "items" in old and "items" in new:
            self._schema(f"{at}[]", old["items"], new["items"], sent=sent)

    def _limits(self, at: str, old: Document, new: Document) -> None:
        lower = [name for name in _HIGHEST if new.get(name, _ENDLESS) < old.get(name, _ENDLESS)]
        higher = [name for name in _LEAST if new.get(name, -_ENDLESS) > old.get(name, -_ENDLESS)]
        self.found += [f"{at}: {name}" for name in lower + higher]
        if new.get("pattern", old.get("pattern")) != old.get("pattern"):
            self.found.append(f"{at}: pattern")  # nobody can say whether it takes less


def breaking(old: Document, new: Document) -> list[str]:
    """A sentence for each breaking difference."""
    return Comparison(old, new).found


def _body(operation: Document) -> Document:
    return _json(operation["requestBody"]) if "requestBody" in operation else {"type": "object"}


def _json(holder: Document) -> Document:
    found: Document = holder["content"]["application/json"]["schema"]
    return found


def _kinds(document: Document, schema: Document) -> dict[str, Document]:
    schema = resolved(document, schema)
    each = [resolved(document, one) for one in schema.get("anyOf", [schema])]
    return {one.get("type", "any"): one for one in each}


def _values(schema: Document) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(one) for one in schema["enum"]} if "enum" in schema else None
