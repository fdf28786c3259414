"""Kinds of request parameters, and the strictness with which Stripe takes them."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stripe_sandbox.errors import ApiError

Kind = Callable[[Any, str], Any]
Fields = Mapping[str, Kind]


def check(given: Mapping[str, Any], fields: Fields, required: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters as their kinds read them. Raises ApiError 400."""
    if "payment_method_types" in given and "allowed_payment_method_types" in fields:
        raise ApiError(
            400,
            "The `payment_method_types` parameter is no longer supported."
            " Use `allowed_payment_method_types` instead.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    _refuse_unknown(given, fields, prefix="")
    for name in required:
        if name not in given:
            raise missing(name)
    return {name: fields[name](value, name) for name, value in given.items()}


def _refuse_unknown(given: Mapping[str, Any], fields: Fields, prefix: str) -> None:
    unknown = [f"{prefix}[{name}]" if prefix else name for name in given if name not in fields]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        raise ApiError(
            400,
            f"Received unknown {noun}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )


def missing(name: str) -> ApiError:
    return ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ApiError(400, f"Invalid string: {value}", param=name)
    if value == "":
        raise ApiError(
            400,
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to"
            f" unset a parameter; however '{name}' cannot be unset. You should remove '{name}'"
            " from your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=name,
        )
    return _at_most(5000, value, name)


def long_text(value: Any, name: str) -> str:
    """Of evidence: at most 20,000 characters."""
    if not isinstance(value, str):
        raise ApiError(400, f"Invalid string: {value}", param=name)
    return _at_most(20_000, value, name)


def _at_most(most: int, value: str, name: str) -> str:
    if len(value) > most:
        raise ApiError(
            400,
            f"Invalid string: {value[:20]}...; must be at most {most} characters",
            param=name,
        )
    return value


def unsettable(kind: Kind) -> Kind:
    """An empty string unsets."""
    return lambda value, name: None if value == "" else kind(value, name)


def integer(value: Any, name: str) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise ApiError(
            400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name
        )
    return int(value)


def boolean(value: Any, name: str) -> bool:
    if value not in ("true", "false"):
        raise ApiError(400, f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def choice(*values: str) -> Kind:
    def read(value: Any, name: str) -> str:
        if value not in values:
            listed = ", ".join(values[:-1]) + f", or {values[-1]}" if values[1:] else values[0]
            raise ApiError(400, f"Invalid {name}: must be one of {listed}", param=name)
        return str(value)

    return read


def array_of(kind: Kind) -> Kind:
    def read(value: Any, name: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
            raise ApiError(400, "Invalid array", param=name)
        ordered = sorted(value.items(), key=lambda item: int(item[0]))
        return [kind(item, f"{name}[{position}]") for position, item in ordered]

    return read


def hash_of(**fields: Kind) -> Kind:
    def read(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ApiError(400, "Invalid object", param=name)
        _refuse_unknown(value, fields, prefix=name)
        return {key: fields[key](item, f"{name}[{key}]") for key, item in value.items()}

    return read


def metadata(value: Any, name: str) -> dict[str, str]:
    """At most 50 keys of 40 characters, values of 500; an empty value unsets its key."""
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ApiError(400, "Invalid object", param=name)
    if len(value) > 50 or any(len(k) > 40 or len(v) > 500 for k, v in value.items()):
        raise ApiError(400, "Metadata holds too many keys or too long values", param=name)
    return dict(value)


def time_range(value: Any, name: str) -> dict[str, int]:
    """Seconds since the epoch: one number, or any of gt, gte, lt, lte."""
    if isinstance(value, str):
        return {"eq": integer(value, name)}
    bounds: dict[str, int] = hash_of(gt=integer, gte=integer, lt=integer, lte=integer)(value, name)
    return bounds


def page_size(value: Any, name: str) -> int:
    number = integer(value, name)
    if not 1 <= number <= 100:
        bound = "greater than or equal to 1" if number < 1 else "less than or equal to 100"
        raise ApiError(400, f"This value must be {bound}.", param=name)
    return number


EXPAND: dict[str, Kind] = {"expand": array_of(text)}
PAGE: dict[str, Kind] = {
    "limit": page_size,
    "starting_after": text,
    "ending_before": text,
    "created": time_range,
}
ADDRESS = hash_of(
    city=unsettable(text),
    country=unsettable(text),
    line1=unsettable(text),
    line2=unsettable(text),
    postal_code=unsettable(text),
    state=unsettable(text),
)
SHIPPING = hash_of(
    address=ADDRESS,
    name=text,
    phone=unsettable(text),
    carrier=unsettable(text),
    tracking_number=unsettable(text),
)
BILLING = hash_of(
    address=unsettable(ADDRESS),
    email=unsettable(text),
    name=unsettable(text),
    phone=unsettable(text),
    tax_id=unsettable(text),
)


def merged_metadata(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    """`{}` clears, as Stripe takes an empty string for the whole of it."""
    if new is None:
        return old
    if not new:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value != ""}
