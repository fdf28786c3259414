"""What a request may hold: the name of our own host, and texts that can be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request
from flask import Request as FlaskRequest
from flask.globals import request_ctx
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.utils import cached_property
from werkzeug.wrappers import Response

from payments_app.core.card_numbers import mask
from payments_app.core.db.text import is_storable, storable
from payments_app.core.language import Words
from payments_app.core.web.http import ProblemError, words_of
from payments_app.core.web.links import absolute

View = TypeVar("View", bound=Callable[..., Any])

MOST_FIELDS = 200  # of a form; the longest of ours has thirty
_MOST_NAME = 200  # characters of a name that is told again
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def prepare(app: Flask) -> None:
    """Check every request before its view runs, and its fields as the view reads them."""
    app.request_class, app.json = Request, _Json(app)
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS
    app.before_request(_refuse_unreadable_host)
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_unstorable_address)
    app.before_request(_refuse_hidden_files)


def any_host(view: View) -> View:
    """Mark a route that machines reach by whatever name or address of ours they know."""
    view.__any_host__ = True  # type: ignore[attr-defined]
    return view


def most_bytes(most: int) -> Callable[[View], View]:
    """Let a route take a body of so many bytes, where what every other takes is not enough."""

    def mark(view: View) -> View:
        view.__most_bytes__ = most  # type: ignore[attr-defined]
        return view

    return mark


def _refuse_unreadable_host() -> Response | None:
    """No address can be made for a Host that is no name, such as one of 64 letters without a dot,
    nor a page that names one."""
    if request_ctx.url_adapter is not None:
        return None
    return Response(words_of(421)[1] + "\n", 400, mimetype="text/plain")


def _refuse_other_hosts() -> Response | None:
    """On a site with a name, a request for another one is forged or lost; nginx refuses it too.
    The router's own redirects, which name the host that was asked for, name ours instead."""
    view = current_app.view_functions.get(request.endpoint or "")
    if current_app.config["CONFIG"].tls and not getattr(view, "__any_host__", False):
        host = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
        if host not in {urlsplit(absolute("/")).hostname, *_THIS_MACHINE}:
            raise ProblemError(421, *words_of(421), url=absolute("/"))
    if isinstance(request.routing_exception, RequestRedirect):
        to = urlsplit(request.routing_exception.new_url)
        query = f"?{to.query}" if to.query else ""
        return redirect(absolute(f"/{to.path.lstrip('/')}{query}"), 308)
    return None


def _refuse_unstorable_address() -> None:
    """No address of ours has such a character: it is unknown, as any other that we never gave."""
    if not is_storable(request.path):
        raise NotFound


def _refuse_hidden_files() -> None:
    """What was laid among our files by mistake, such as a `.env`; nginx refuses it too."""
    if request.endpoint == "static" and "/." in request.path:
        raise NotFound


class _Json(DefaultJSONProvider):
    """How JSON is written, and how a body is read. A name that comes twice could mean either value:
    it is refused, for one may be an amount.

    Source: https://www.rfc-editor.org/rfc/rfc8259#section-4
    """

    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value, by the standard library. Raises ProblemError 400 `invalid_json`."""
        return super().loads(s, object_pairs_hook=_each_once, **kwargs)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = mask(storable(name[:_MOST_NAME]))
            raise ProblemError(400, "invalid_json", f"“{shown}” is given twice. Send it once.")
        found[name] = value
    return found


class Request(FlaskRequest):
    """A request of which every text can be kept, as `core/db/text.py` says.

    What can't be is refused as it is read, so that a view's limits come first. Raises
    ProblemError that names the field: 400 in the query, 422 in a form or JSON; and 400
    `invalid_json` for a name that comes twice in an object.
    """

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query's parameters."""
        typed = super().args
        self.__dict__["args"] = _kept(typed)  # for a page that shows again what was typed
        _refuse_unstorable(400, typed.items(multi=True))
        return typed

    def _load_form_data(self) -> None:
        if "form" in self.__dict__:
            return
        view = current_app.view_functions.get(self.endpoint or "")
        if most := getattr(view, "__most_bytes__", None):
            self.max_content_length = self.max_form_memory_size = most
        _refuse_many_fields(self)
        super()._load_form_data()
        # A part without a name is no field: no browser sends one, and no view asks for it.
        named = [each for each in self.__dict__["form"].items(multi=True) if each[0] is not None]
        typed = MultiDict(named)
        self.__dict__["form"] = _kept(typed)
        _refuse_unstorable(422, typed.items(multi=True))

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        """The body's JSON."""
        sent = super().get_json(*args, **kwargs)
        _refuse_unstorable(422, sent.items() if isinstance(sent, dict) else [("body", sent)])
        return sent


def _refuse_many_fields(asked: Request) -> None:
    """Before they are taken apart, which costs a second for 100,000. Of multipart werkzeug counts
    them (MAX_FORM_PARTS)."""
    if asked.mimetype == "application/x-www-form-urlencoded":
        fields = asked.get_data(parse_form_data=False).count(b"&") + 1
        if fields > MOST_FIELDS:
            raise ProblemError(413, *words_of(413))


def _kept(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    return ImmutableMultiDict(storable(list(typed.items(multi=True))))


def _refuse_unstorable(status: int, named: Iterable[tuple[str, Any]]) -> None:
    for pair in named:
        if not is_storable(pair):
            name = storable(pair[0])
            words = Words(
                "“%(name)s” holds a character that can't be stored. Remove it and send it again.",
                name=name,
            )
            raise ProblemError(status, words_of(status)[0], words, {name: words})
