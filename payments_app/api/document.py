"""The OpenAPI document of the API, from its own views and shapes."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel, ValidationError
from spectree import Response, SpecTree
from spectree.models import SecureType, SecurityScheme, SecuritySchemeData

from payments_app.api.shapes import Error, NoQuery
from payments_app.core.card_numbers import mask
from payments_app.core.web.http import ProblemError
from payments_app.core.web.links import absolute

View = TypeVar("View", bound=Callable[..., Any])

# What any call may be answered, and any that sends a body: before its view is asked, or instead.
_ANY = (400, 401, 403, 421, 422, 429, 500, 503)
_SENDING = (413, 415)
_PREFIX = "Value error, "
_WORDS = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "string_type": "This must be text.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "timezone_aware": "This must have a zone, as in 2030-01-31T12:00:00Z.",
}


# An index or a name of ours: a type is told as `int`, `none`, `constrained-int`, `list[str]`.
_IN_A_FIELD = re.compile(r"\d+|(?!(?:int|str|none|bool|float|dict|list)$)[a-z_]+")


def _refuse(_asked: Any, _answer: Any, error: Exception | None, _view: Any, _adapter: Any) -> None:
    """Answer what can't be read in our envelope, with nothing of what was sent: it may be a card's
    number."""
    if isinstance(error, ValidationError):
        fields: dict[str, str] = {}
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            name = _field(one) or "body"
            fields.setdefault(name, _words(one))
        name, words = next(iter(fields.items()))
        more = f" See fields for {len(fields) - 1} more." if len(fields) > 1 else ""
        raise ProblemError(422, "invalid", f"{name}: {words}{more}", fields)


def _field(error: Any) -> str:
    """The field that is wrong, without which of its types was tried, such as `constrained-int`, and
    without a card's number that was sent as a name."""
    parts = [str(part) for part in error["loc"]]
    if error["type"] != "extra_forbidden":
        parts = [parts[0] if parts else "", *filter(_IN_A_FIELD.fullmatch, parts[1:])]
    return named(".".join(parts), 80)


def named(sent: str, most: int = 40) -> str:
    """A name that was sent, as it may be told again: no card's number, and so long at most."""
    return mask(sent[: 5 * most], "[cut]")[:most]  # looking for numbers in all of it has a price


def _words(error: Any) -> str:
    words = _WORDS.get(error["type"]) or str(error["msg"]).removeprefix(_PREFIX)
    return words if words.endswith(".") else f"{words}."


_spec = SpecTree(
    "flask",
    mode="strict",
    annotations=False,
    title="Payments API",
    version="1",
    before=_refuse,
    validation_error_model=Error,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[
        SecurityScheme(
            name="secret_key",
            data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"),
        )
    ],
    security={"secret_key": []},
)


def described(
    tag: str,
    answer: type[BaseModel],
    *,
    json: type[BaseModel] | None = None,
    query: type[BaseModel] = NoQuery,
    status: int = 200,
    errors: tuple[int, ...] = (),
) -> Callable[[View], View]:
    """Read the request into its model (`request.context.json`, `.query`), and say in the document
    what comes of it. Raises ProblemError 422 `invalid` by field."""
    answers = {f"HTTP_{code}": Error for code in (401, 403, 422, 429, *errors)}
    said = Response(**{f"HTTP_{status}": answer}, **answers)
    made: Callable[[View], View] = _spec.validate(json=json, query=query, resp=said, tags=[tag])
    return made


def document_of(app: Flask) -> dict[str, Any]:
    """The document with our own addresses; made once for each application."""
    known: dict[str, Any] | None = app.extensions.get("api_document")
    if known is None:
        _spec.app = app
        # Making it takes the inner shapes out of the models: the next one's would be missing.
        models, _spec.models = _spec.models, copy.deepcopy(_spec.models)
        made = _spec._generate_spec()
        _spec.models = models
        _say_what_any_answers(made)
        made["servers"] = [{"url": absolute("")}]
        known = app.extensions["api_document"] = made
    return known


def _say_what_any_answers(document: dict[str, Any]) -> None:
    schema = {"$ref": f"#/components/schemas/{Error.__name__}"}
    for methods in document["paths"].values():
        for method, operation in methods.items():
            for code in _ANY + (_SENDING if method == "post" else ()):
                said = {
                    "description": HTTPStatus(code).phrase,
                    "content": {"application/json": {"schema": schema}},
                }
                operation["responses"].setdefault(str(code), said)
