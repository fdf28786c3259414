"""page_before: whoever opens an address that only takes a form is sent to the page where they were.

A browser does that when an address is loaded again by hand, or after a sign-in. Where they were is
the page that the browser says it came from; else the one whose form is sent there, as its view
declares with `@posted_from`; else the nearest page above the address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from flask import Flask, current_app, make_response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from payments_app.core.web.headers import private
from payments_app.core.web.language_paths import split
from payments_app.core.web.links import on_site, without_prefix

View = TypeVar("View", bound=Callable[..., Any])


def posted_from(page: Callable[[], str | None]) -> Callable[[View], View]:
    """Mark a view that takes a form of a page which is not above its address. `page` gives that
    page's address, None where it is not known."""

    def declare(view: View) -> View:
        view.__posted_from__ = page  # type: ignore[attr-defined]
        return view

    return declare


def prepare(app: Flask) -> None:
    """Some of these addresses stand where a page's address may have any last part: `/account/leave`
    beside `/account/<token>`. They are sent back before that page is asked."""
    open_ones = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and {"POST", "GET"} & (rule.methods or set()) == {"POST"}
    }
    pages = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    closed = frozenset(open_ones - pages)

    @app.before_request
    def lead_back() -> Response | None:
        if request.method not in {"GET", "HEAD"} or request.path not in closed:
            return None
        if not request.accept_mimetypes.accept_html:
            return None
        page = page_before()
        return private(make_response(redirect(page, 303))) if page else None


def page_before() -> str | None:
    """Where a GET of this address leads, as a path of ours; None where no form is sent to it."""
    return page_of_form() if request.method in {"GET", "HEAD"} else None


def page_of_form() -> str | None:
    """The page whose form is sent to this address, as a path of ours; None where there is none."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return None
    try:
        endpoint, _ = adapter.match(method="POST")
    except HTTPException:
        return None
    pages = (without_prefix(page) for page in _candidates(str(endpoint)) if page)
    page = next((p for p in pages if adapter.test(urlsplit(p).path, "GET")), None)
    return on_site(page) if page is not None else None


def _candidates(endpoint: str) -> Iterator[str | None]:
    yield page_left()
    declared = getattr(current_app.view_functions[endpoint], "__posted_from__", None)
    if declared is not None:
        yield declared()
    parts = request.path.rstrip("/").split("/")
    for length in range(len(parts) - 1, 0, -1):
        yield "/".join(parts[:length]) or "/"


def page_left() -> str | None:
    """The page of ours that the browser says it comes from, as a path; it need not be there."""
    came = _came_from()
    if came is None or came.netloc != request.host or came.path == on_site(request.path):
        return None
    # One slash, also behind the language: two would name another host.
    path = split(without_prefix("/" + came.path.lstrip("/")))[1]
    path = on_site("/" + path.lstrip("/"))
    return came._replace(scheme="", netloc="", path=path).geturl()


def _came_from() -> SplitResult | None:
    """What the browser says; None of what is no address."""
    try:
        return urlsplit(request.referrer or "")
    except ValueError:
        return None
