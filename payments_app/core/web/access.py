"""Who may call a route, declared beside it: `@public`, `@buyer`, `@merchant`, `@staff("refund")`,
`@application("payments:read")`.

Deny by default: a route without a declaration answers as if it were not there, and a test walks
`undeclared(app)`. What a staff member may do is known to the accounts package, which plugs its
check in with `check_staff_with`; which merchant is asking, to the portal, with
`check_merchants_with`; which application, to the API, with `check_applications_with`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import Forbidden, NotFound

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])

_CHECKED = ("staff", "merchant", "application")


@dataclass(frozen=True)
class Access:
    """Who a route is for: `public`, `buyer`, `merchant`, `staff` with the permission that it
    takes, or `application` with the scope of its key."""

    audience: str
    permission: str | None = None


def public(view: View) -> View:
    """Anybody may call it, and it shows nothing of a particular buyer."""
    return _declare(view, Access("public"))


def buyer(view: View) -> View:
    """Anybody may call it; what is personal in its answer is for the buyer's own browser, and
    the view compares."""
    return _declare(view, Access("buyer"))


def merchant(view: View) -> View:
    """Only a merchant who is signed in may call it, and sees what is theirs."""
    return _declare(view, Access("merchant"))


def staff(permission: str) -> Callable[[View], View]:
    """Only staff who hold `permission` may call it."""
    return lambda view: _declare(view, Access("staff", permission))


def application(scope: str) -> Callable[[View], View]:
    """Only another application may call it, with a key that has this scope."""
    return lambda view: _declare(view, Access("application", scope))


def _declare(view: View, access: Access) -> View:
    # functools.wraps copies a function's attributes: the mark survives decorators above it.
    view.__access__ = access  # type: ignore[attr-defined]
    return view


def prepare(app: Flask) -> None:
    """Check every request before its view runs."""
    app.extensions |= {f"{audience}_check": None for audience in _CHECKED}
    if app.has_static_folder:
        public(app.view_functions["static"])
    app.before_request(_check)


def check_staff_with(app: Flask, check: Callable[[str], Any]) -> None:
    """Plug in the staff check: it gets the permission, and answers None to let the request pass,
    or the response (such as a redirect to the login) to give instead."""
    app.extensions["staff_check"] = check


def check_merchants_with(app: Flask, check: Callable[[], Any]) -> None:
    """Plug in the merchants' check: it answers None to let the request pass, or the response to
    give instead."""
    app.extensions["merchant_check"] = check


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What a route declares; None where it declares nothing."""
    return getattr(app.view_functions[endpoint], "__access__", None)


def check_applications_with(app: Flask, check: Callable[[str], Any]) -> None:
    """Plug in the applications' check: it gets the scope, and answers as the staff's does."""
    app.extensions["application_check"] = check


def undeclared(app: Flask) -> list[str]:
    """Endpoints that declare no access: there should be none."""
    return sorted(
        {r.endpoint for r in app.url_map.iter_rules() if access_of(app, r.endpoint) is None}
    )


def current_access() -> Access | None:
    """What the route of this request declares; None also where no route matched."""
    return access_of(current_app, request.endpoint) if request.endpoint else None


def _check() -> Any:
    if request.endpoint is None:
        return None  # no route matched: the 404 or 405 follows
    access = current_access()
    if access is None:
        log.error("%s declares no access and is denied", request.endpoint)
        raise NotFound
    if access.audience not in _CHECKED:
        return None
    check = current_app.extensions[f"{access.audience}_check"]
    if check is None:
        raise Forbidden
    return check() if access.permission is None else check(access.permission)
