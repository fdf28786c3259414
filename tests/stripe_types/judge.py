"""A judge of what we send to Stripe that is not ours: the types of Stripe's own library.

It watches every call that goes through the library in this process, and holds its parameters
against the type that the called method declares: names, what is required, types, and words. Stripe
types a list of words as "one of these, or any text", since it may add some: we send known ones.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import pytest
import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_service import StripeService


class Judge:
    """What was sent, by method and type; `wrong` since it was last read."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._wrong: list[str] = []

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Look at every call from now on, and let it go on as it is."""
        request = StripeService._request

        @functools.wraps(request)
        def judged(service: StripeService, *args: Any, **kwargs: Any) -> Any:
            method = getattr(type(service), sys._getframe(1).f_code.co_name)
            self.look(method, kwargs.get("params"))
            return request(service, *args, **kwargs)

        patch.setattr(StripeService, "_request", judged)

    def look(self, method: Any, params: Mapping[str, Any] | None) -> None:
        kind = params_type(method)
        self.calls.append(method.__qualname__)
        found = problems(params or {}, kind, "params")
        self._wrong += [f"{method.__qualname__}: {problem}" for problem in found]

    def wrong(self) -> list[str]:
        """What was wrong since this was asked."""
        found, self._wrong = self._wrong, []
        return found


@functools.cache
def params_type(method: Any) -> Any:
    """The type of a method's parameters."""
    declared = method.__annotations__["params"]
    inner = next(iter(get_args(declared)), declared)
    name = getattr(inner, "__forward_arg__", inner)
    # stripe.radar's are in stripe.params.radar.
    package = method.__module__.rpartition(".")[0].replace("stripe", "stripe.params", 1)
    return getattr(import_module(package), name)


def problems(value: Any, kind: Any, where: str) -> Iterator[str]:
    """What is wrong with a value of this type, each with its place."""
    if typing_extensions.is_typeddict(kind):
        yield from _of_object(value, kind, where)
        return
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (NotRequired, Required):
        yield from problems(value, inner[0], where)
    elif origin in (Union, types.UnionType):
        yield from _of_union(value, inner, where)
    elif origin is Literal:
        if value not in inner:
            yield f"{where} is {value!r}, which is none of Stripe's words"
    elif origin is list:
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from problems(item, inner[0], f"{where}[{number}]")
        else:
            yield f"{where} is no list: {value!r}"
    elif origin is dict:
        if isinstance(value, Mapping):
            for name, item in value.items():
                yield from problems(item, inner[1], f"{where}[{name}]")
        else:
            yield f"{where} is no object: {value!r}"
    elif not _is_a(value, kind):
        yield f"{where} is no {getattr(kind, '__name__', kind)}: {value!r}"


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    # How a call is made (its key, its account) is declared beside what is sent: no part of it.
    options = RequestOptions.__annotations__
    sent = {name: hint for name, hint in kind.__annotations__.items() if name not in options}
    names = vars(sys.modules[kind.__module__])
    holder = type(kind.__name__, (), {"__annotations__": sent})
    return get_type_hints(holder, globalns=names, localns=names, include_extras=True)


def _of_object(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where} is no object: {value!r}"
        return
    hints = _hints(kind)
    for name in value.keys() - hints.keys():
        yield f"{where}.{name} is not known to Stripe"
    for name in kind.__required_keys__ - value.keys():
        if get_origin(hints[name]) is not NotRequired:
            yield f"{where}.{name} is missing"
    for name in value.keys() & hints.keys():
        yield from problems(value[name], hints[name], f"{where}.{name}")


def _of_union(value: Any, kinds: tuple[Any, ...], where: str) -> Iterator[str]:
    words = [kind for kind in kinds if get_origin(kind) is Literal and any(get_args(kind))]
    if isinstance(value, str) and words:
        kinds = tuple(kind for kind in kinds if kind is not str)
    tried = [list(problems(value, kind, where)) for kind in kinds]
    if all(tried):
        yield min(tried, key=len)[0]


def _is_a(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return isinstance(value, get_origin(kind) or kind)
