"""The parameters of a list's address. What can't be read is refused, never left out: a filter that
is ignored shows and exports everything.

Deny by default: a page of staff's or a merchant's takes no parameter but those that it declares
with `@takes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, current_app, has_request_context, request
from werkzeug.datastructures import MultiDict

from payments_app.core.web.access import current_access
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.links import on_site

View = TypeVar("View", bound=Callable[..., Any])

BACK = "back"  # the list that a page of staff's about one of its rows was opened from
# Of lists on such a page: which part is shown.
PARTS = ("attempts_before", "mails", "webhooks", "timeline", "attempts", "bills")
_NUMBER = re.compile(r"[0-9]{1,18}")


class UnreadableQueryError(ProblemError):
    """422 with what is wrong by parameter. `kept` is what could be read: the way out."""

    def __init__(self, fields: Mapping[str, str], kept: Mapping[str, str] | None = None) -> None:
        name, sentence = next(iter(fields.items()))
        more: dict[str, Any] = {}
        if has_request_context() and not wants_json():
            more["url"] = f"{on_site(request.path)}?{urlencode(kept or {})}".rstrip("?")
        super().__init__(422, "invalid", f"{name[:40]}: {sentence}", fields, **more)


def read_query(
    values: Mapping[str, str], known: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters that are known and not blank, and what is wrong with others, by name."""
    given, problems = {}, {}
    many = MultiDict(values)
    for name in many:
        # Spaces alone: `strip()` would take control characters for nothing, and so for no filter.
        texts = {text.strip(" \t\r\n") for text in many.getlist(name)}
        if name not in known:
            problems[name] = "There is no such filter."
        elif len(texts) > 1:
            problems[name] = "This is given twice."
        elif "" not in texts:
            given[name] = texts.pop()
    return given, problems


def takes(*names: str, others: bool = False) -> Callable[[View], View]:
    """The page reads these parameters of its address; with `others` it reads them all itself."""

    def declare(view: View) -> View:
        view.__takes__ = None if others else names  # type: ignore[attr-defined]
        return view

    return declare


def prepare(app: Flask) -> None:
    """Refuse what a page does not take, once it is known that the asker may open it."""
    app.before_request(_refuse_unknown)


def _refuse_unknown() -> None:
    access = current_access()
    if access is None or access.audience not in {"staff", "merchant"}:
        return
    known = getattr(current_app.view_functions[str(request.endpoint)], "__takes__", ())
    if request.method not in {"GET", "HEAD"} or known is None:
        return
    if access.audience == "staff" and request.view_args:
        known = (*known, BACK, *PARTS)
    given, problems = read_query(request.args, known)
    if problems:
        raise UnreadableQueryError(problems, given)


def asked(name: str) -> str:
    """This parameter of the address as `read_query` takes it; empty where it is none, or blank."""
    return read_query(request.args, {name})[0].get(name, "")


def place_in_list(name: str = "before") -> int | None:
    """The number of the row that a page of a list ends at; None on the first page.

    Raises UnreadableQueryError.
    """
    typed = asked(name)
    if typed and not _NUMBER.fullmatch(typed):
        raise UnreadableQueryError({name: "This names no page of the list."})
    return int(typed) if typed else None
