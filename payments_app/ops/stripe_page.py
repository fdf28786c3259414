"""The page that tells admins how our account at Stripe was when it was last looked at."""

from __future__ import annotations

from flask import Response, make_response, render_template

from payments_app.core.extensions import db
from payments_app.core.own_commands import as_typed_here
from payments_app.core.web.access import staff
from payments_app.core.web.headers import private
from payments_app.ops.blueprint import blueprint
from payments_app.ops.stripe_doctor import last_result


@blueprint.get("/staff/stripe")
@staff("stripe")
def stripe() -> Response:
    """What was seen last. No request asks Stripe."""
    doctor = as_typed_here("flask --app wsgi stripe doctor")
    page = render_template("ops/stripe.html", result=last_result(db.session()), doctor=doctor)
    return private(make_response(page))
