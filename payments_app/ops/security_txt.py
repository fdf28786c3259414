"""Whom to tell of a hole, as RFC 9116 writes it."""

from __future__ import annotations

import datetime as dt

from flask import Response, current_app
from werkzeug.exceptions import NotFound

from payments_app.core.db.clock import utcnow
from payments_app.core.web.access import public
from payments_app.core.web.links import absolute
from payments_app.ops.blueprint import blueprint

PATH = "/.well-known/security.txt"
GOOD_FOR = dt.timedelta(days=30)


@blueprint.get(PATH)
@public
def security_txt() -> Response:
    """The contact of the settings; nothing where there is none."""
    contact = current_app.config["CONFIG"].security_contact
    if contact is None:
        raise NotFound
    until = (utcnow() + GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z")
    lines = (f"Contact: {contact}", f"Expires: {until}", f"Canonical: {absolute(PATH)}")
    return Response("\n".join((*lines, "")), content_type="text/plain; charset=utf-8")
