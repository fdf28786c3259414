"""languages: which one a request is answered in: the one that its address names (`/de/cart`, or
`?lang=de`), which is kept in a cookie; else the cookie's; else the one that the browser prefers.

A buyer's pages alone: staff, merchants and programs read English. Whoever signs in as a customer
reads the language that is kept with their account, unless they chose another in this browser: the
cookie says it from then on.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, current_app, g, request
from flask_babel import Babel

from payments_app.core import language
from payments_app.core.web import language_paths
from payments_app.core.web.access import current_access
from payments_app.core.web.cookies import cookie_name, cookie_path
from payments_app.core.web.http import wants_json
from payments_app.core.web.links import on_site
from payments_app.core.web.page_before import page_of_form

_KEPT_SECONDS = 365 * 24 * 3600
_ARGUMENT = "lang"
# What a page is shown by, and says again in the addresses of its other languages. Others may tell
# of a person, or be Stripe's secrets.
_SHOWN_BY = ("quantity", "transaction", "card")
_NOT_BUYERS = ("/staff", "/api/", "/onboarding", "/docs")


def prepare(app: Flask) -> None:
    """Choose a language for each request, keep what was chosen, and say so to caches."""
    babel = Babel()
    babel.domain_instance = language.Catalogues()
    babel.init_app(app, locale_selector=_selected)
    app.jinja_env.globals.update(
        language=language.current,
        languages=_offered,
        direction=language.direction,
        search_addresses=lambda: language_paths.search_addresses(_named()),
        _=language.in_template,
    )
    language_paths.prepare(app)
    app.jinja_env.filters["apart"] = language.apart
    app.after_request(_say)


def is_buyers() -> bool:
    """Whether this request is answered in a buyer's language."""
    if request.path.startswith(_NOT_BUYERS) or request.is_json:
        return False
    if request.method == "GET" and wants_json() and "partial" not in _query():
        return False  # a program's
    access = current_access()
    return access is None or access.audience == "buyer" or request.endpoint == "checkout.shop"


def chosen() -> str | None:
    """The language that was chosen in this browser."""
    kept = request.cookies.get(cookie_name(current_app, _ARGUMENT))
    return next((one for one in (_named(), kept) if one in language.LANGUAGES), None)


def keep(code: str | None) -> None:
    """Answer in this language from now on, in this browser."""
    if code in language.LANGUAGES:
        g.keep_language = code


def _named() -> str | None:
    """By the address: a link to another language names it behind the path."""
    return _query().get(_ARGUMENT, [None])[0] or language_paths.named_by_path()


def _query() -> dict[str, list[str]]:
    """As it was sent: what can't be kept is refused where a view reads it, and not here."""
    return parse_qs(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)


def _parts(page: str) -> tuple[str, dict[str, list[str]]]:
    """Path and query of a page's address."""
    found = urlsplit(page)
    return found.path, parse_qs(found.query, keep_blank_values=True)


def _selected() -> str:
    if not is_buyers():
        return language.DEFAULT
    preferred = request.accept_languages.best_match(list(language.LANGUAGES))
    return chosen() or preferred or language.DEFAULT


def _say(response: Response) -> Response:
    if response.mimetype == "text/html" and is_buyers():
        response.headers["Content-Language"] = language.current()
        response.vary.update(("Accept-Language", "Cookie"))
    named = _named() if request.endpoint and is_buyers() else None
    code = g.get("keep_language") or (named if named in language.LANGUAGES else None)
    if code:
        config = current_app.config["CONFIG"]
        response.set_cookie(
            cookie_name(current_app, _ARGUMENT),
            code,
            max_age=_KEPT_SECONDS,
            path=cookie_path(current_app),
            secure=config.tls,
            httponly=True,
            samesite="Lax",
        )
    return response


def _offered() -> list[tuple[str, str, str]]:
    """The other languages of a buyer's page: code, name and its address. Where a form was sent to
    it, none, or what was typed would be lost; of a problem, that of the form's own page."""
    path, query = on_site(request.path) if language_paths.named_by_path() else "", _query()
    if not is_buyers() or not (request.method == "GET" or g.get("is_problem")):
        return []
    if request.method != "GET":
        path, query = _parts(page_of_form() or on_site("/"))
    rest = {name: values for name, values in query.items() if name in _SHOWN_BY}
    return [
        (code, name, f"{path}?" + urlencode(rest | {_ARGUMENT: [code]}, doseq=True))
        for code, name in language.LANGUAGES.items()
        if code != language.current()
    ]
