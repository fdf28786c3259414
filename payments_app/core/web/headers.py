"""Response headers in one place: what may be cached by whom, and what a page may load.

Sources: RFC 9111 (caching), RFC 5861 (stale-while-revalidate), Stripe's guide to a content
security policy, https://docs.stripe.com/security/guide#content-security-policy
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from werkzeug.http import generate_etag

from payments_app.core.web import assets
from payments_app.core.web.access import access_of

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public, max-age=60, s-maxage=300, stale-while-revalidate=30"
EXPENSIVE_PUBLIC = "public, max-age=120, s-maxage=600, stale-while-revalidate=30"
PRIVATE = "private, no-store, no-cache, must-revalidate"
HTML = "no-cache"
STATIC_SECONDS = 3600  # of files without a hash in their name: "public, max-age=3600"
HASHED = "public, max-age=31536000, immutable"

_STRIPE_SCRIPTS = ("https://js.stripe.com", "https://*.js.stripe.com")
_STRIPE_FRAMES = (*_STRIPE_SCRIPTS, "https://hooks.stripe.com")
# Each of these frames may ask the browser for a payment (Apple Pay, Google Pay, the bank's check).
_PAYMENT = "payment=(self {})".format(" ".join(f'"{origin}"' for origin in _STRIPE_FRAMES))
# What the policy says of each page, and where browsers tell that something was against it.
DIRECTIVES = frozenset(
    {
        "default-src",
        "script-src",
        "frame-src",
        "connect-src",
        "img-src",
        "style-src",
        "font-src",
        "base-uri",
        "form-action",
        "frame-ancestors",
    }
)
REPORTS_PATH = "/policy-reports"
_REPORTS_GROUP = "policy"
_HSTS = "max-age=63072000; includeSubDomains"


def public(response: Response, *keys: str, changed: dt.datetime | None = None) -> Response:
    """The same for everybody: shared caches may keep it, and ask again with its ETag or its
    Last-Modified. `keys` are what a CDN is told to forget it by."""
    return _shared(response, PUBLIC, keys, changed)


def expensive_public(
    response: Response, *keys: str, changed: dt.datetime | None = None
) -> Response:
    """As `public`, kept longer: it costs more to make than to be a minute late."""
    return _shared(response, EXPENSIVE_PUBLIC, keys, changed)


def private(response: Response) -> Response:
    """Somebody's own: no cache keeps it."""
    response.headers["Cache-Control"] = PRIVATE
    return response


def _shared(
    response: Response, policy: str, keys: tuple[str, ...], changed: dt.datetime | None
) -> Response:
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return private(response)
    response.headers["Cache-Control"] = policy
    response.vary.add("Accept-Encoding")
    if keys:
        response.headers["Surrogate-Key"] = " ".join(keys)
    response.last_modified = changed
    response.set_etag(generate_etag(response.get_data()))
    response.make_conditional(request)
    return response


def takes_cards(view: View) -> View:
    """Mark a page that runs Stripe.js: only such pages may load anything from Stripe."""
    view.__takes_cards__ = True  # type: ignore[attr-defined]
    return view


def shows_challenge(view: View) -> View:
    """Mark a page with the challenge's provider on it: only such pages may load anything of it."""
    view.__shows_challenge__ = True  # type: ignore[attr-defined]
    return view


def is_a_picture(view: View) -> View:
    """Mark what answers with a picture of the shop's own: opened by itself, it may do nothing."""
    view.__is_a_picture__ = True  # type: ignore[attr-defined]
    return view


def prepare(app: Flask) -> None:
    """Send the headers with every response."""
    app.extensions["route_headers"] = {}
    app.after_request(_secure)


def of_route(app: Flask, endpoint: str | None) -> dict[str, str]:
    """What each answer of a route says, of what it may load and to whom it tells its address;
    worked out once. None: what no route answered."""
    known: dict[str | None, dict[str, str]] = app.extensions["route_headers"]
    if endpoint not in known:
        known[endpoint] = _worked_out(app, endpoint)
    return known[endpoint]


def _secure(response: Response) -> Response:
    headers = response.headers
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = HTML if response.mimetype == "text/html" else PRIVATE
    elif _is_hashed_file(response):
        headers["Cache-Control"] = HASHED
    headers["X-Request-ID"] = g.get("request_id", "")
    headers.update(of_route(current_app, request.endpoint))
    if "token" in (request.view_args or {}) or b"token=" in request.query_string:
        headers["Referrer-Policy"] = "no-referrer"  # its address is somebody's link
    return response


def _worked_out(app: Flask, endpoint: str | None) -> dict[str, str]:
    access = access_of(app, endpoint) if endpoint else None
    closed = access is not None and access.audience in {"staff", "merchant"}
    reports = app.config["CONFIG"].prefix + REPORTS_PATH
    view = app.view_functions.get(endpoint or "")
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _content_security_policy(app, view, reports),
        "Reporting-Endpoints": f'{_REPORTS_GROUP}="{reports}"',
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "Referrer-Policy": "no-referrer" if closed else "strict-origin-when-cross-origin",
        "Permissions-Policy": _PAYMENT if _is_marked(view, "__takes_cards__") else "payment=()",
    }
    if closed:
        headers["Cache-Control"] = PRIVATE
    if app.config["CONFIG"].tls:
        headers["Strict-Transport-Security"] = _HSTS
    return headers


def _is_hashed_file(response: Response) -> bool:
    if request.endpoint != "static" or response.status_code not in {200, 206, 304}:
        return False
    return assets.is_hashed((request.view_args or {})["filename"])


def _is_marked(view: View | None, mark: str) -> bool:
    return getattr(view, mark, False)


def _content_security_policy(app: Flask, view: View | None, reports: str) -> str:
    """Ourselves alone; on a page that takes cards also Stripe, on one with the challenge also its
    provider, or the stand-in for it. No page has both."""
    if _is_marked(view, "__is_a_picture__"):
        return f"default-src 'none'; style-src 'unsafe-inline'; sandbox; report-uri {reports}"
    scripts, frames, connections, images = ["'self'"], [], ["'self'"], ["'self'", "data:"]
    config = app.config["CONFIG"]
    if _is_marked(view, "__takes_cards__"):
        stand_in = [config.stripe_api_base] if config.sandboxed else []
        scripts += [*_STRIPE_SCRIPTS, *stand_in]
        frames += [*_STRIPE_FRAMES, *stand_in]
        connections += ["https://api.stripe.com", *stand_in]
        images += ["https://*.stripe.com", *stand_in]
    elif _is_marked(view, "__shows_challenge__"):
        scripts.append(config.turnstile_base)
        frames.append(config.turnstile_base)
    directives = {
        "default-src": ["'none'"],
        "script-src": scripts,
        "frame-src": frames or ["'none'"],
        "connect-src": connections,
        "img-src": images,
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        # Browsers know one or the other: https://www.w3.org/TR/CSP3/#directive-report-uri
        "report-uri": [reports],
        "report-to": [_REPORTS_GROUP],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())
