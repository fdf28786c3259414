from __future__ import annotations

from flask import Blueprint, Response, g, make_response, render_template

from payments_app.core.web.headers import private
from payments_app.portal.gate import ago_of, exact, local

blueprint = Blueprint("portal", __name__, url_prefix="/portal")


def page(template: str, status: int = 200, **words: object) -> Response:
    """A page of the portal's, which no cache keeps; it says whose it is."""
    words = {"searched": "", "view": ""} | words
    words |= {"merchant": g.get("merchant"), "local": local, "ago_of": ago_of, "exact": exact}
    return private(make_response(render_template(f"portal/{template}", **words), status))
