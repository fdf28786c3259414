from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, render_template, request

from payments_app.accounts.throttle import Caller, known_browser
from payments_app.core.extensions import db
from payments_app.core.web.headers import private
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.links import without_prefix

TOO_MANY = "Too many attempts for this account. Wait 15 minutes and try again."
_PER_ADDRESS = Rate(60, 900)
# A path of ours: not //host, and no backslash that a browser would read as a slash.
_OUR_PATH = re.compile(r"/staff(/[^\\\s]*)?(\?[^\\\s]*)?")

blueprint = Blueprint("accounts", __name__, url_prefix="/staff")


def limit(caller: Caller) -> None:
    """Count a try of this address, at whatever account; a browser that somebody signed in with is
    counted by itself, whoever shares its address. Raises ProblemError 429."""
    limiter().check("sign-in", _PER_ADDRESS, known_browser(db.session(), caller) or caller.address)


def form(
    template: str, status: int = 200, message: str | None = None, **values: str | None
) -> Response:
    """A page with a form that leads on to where its reader wanted to go; no cache keeps it."""
    page = render_template(template, next=wanted(), message=message, **values)
    return private(make_response(page, status))


def wanted() -> str:
    """Where to go afterwards: only ever a page of ours, without the prefix."""
    named = without_prefix(request.values.get("next", ""))
    return named if _OUR_PATH.fullmatch(named) else "/staff"
