"""language_paths: `/de/checkout/tea` is `/checkout/tea`, read in German.

The language is taken off in front of Flask, so that no route, policy or log knows of it. It stands
before pages of buyers that are read, and before nothing else: no form is sent there, no link that
signs in leads there, and no other path gets a second name that nginx does not know. All other
links lead to the addresses without it, where the cookie goes on to say the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from payments_app.core.db.ids import begins_as_id
from payments_app.core.language import LANGUAGES
from payments_app.core.web.access import access_of
from payments_app.core.web.links import absolute

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PATH = re.compile(rf"/({'|'.join(LANGUAGES)})(/.*)?", re.DOTALL)
_NAMED = "payments.language"
_FOUND_BY_SEARCH = ("checkout.shop", "checkout.form")


def prepare(app: Flask) -> None:
    """Stand in front of Flask."""
    app.wsgi_app = LanguagePaths(app)  # type: ignore[method-assign]


class LanguagePaths:
    """Stands before `inner`, the application as it is without it."""

    def __init__(self, app: Flask) -> None:
        self.app, self.inner = app, app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """As every WSGI application."""
        code, path = split(environ.get("PATH_INFO", ""))
        if code and environ["REQUEST_METHOD"] in ("GET", "HEAD") and self._is_buyers_page(path):
            environ[_NAMED], environ["PATH_INFO"] = code, path
        return self.inner(environ, start_response)

    def _is_buyers_page(self, path: str) -> bool:
        try:
            endpoint, given = self.app.url_map.bind("").match(path, "GET")
        except HTTPException:
            return False
        access = access_of(self.app, endpoint)
        buyers = endpoint == "checkout.shop" or (access is not None and access.audience == "buyer")
        return buyers and "token" not in given and not path.startswith("/api/")


def split(path: str) -> tuple[str | None, str]:
    """The language that a path begins with, and the path without it."""
    found = _PATH.fullmatch(path)
    return (found[1], found[2] or "/") if found else (None, path)


def named_by_path() -> str | None:
    """The language that the address of this request begins with."""
    code: str | None = request.environ.get(_NAMED)
    return code


def search_addresses(named: str | None) -> list[tuple[str, str]]:
    """What search engines are told of a page that they may show, by the language; the first is its
    own address, of the language that it names. None of any other page: what was placed, or is asked
    for, is somebody's own, and its address may be their link to pay."""
    item = str((request.view_args or {}).get("item"))
    if request.endpoint not in _FOUND_BY_SEARCH or begins_as_id(item):
        return []
    addresses = {code: absolute(f"/{code}{request.path}") for code in LANGUAGES}
    anybodys = absolute(request.path)
    own = addresses.get(named or "", anybodys)
    return [("", own), *addresses.items(), ("x-default", anybodys)]
