"""A merchant's payments, and how their account at Stripe stands."""

from __future__ import annotations

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.web.access import merchant
from payments_app.core.web.query import place_in_list, takes
from payments_app.merchants.accounts import state_of
from payments_app.merchants.onboarding import find
from payments_app.merchants.onboarding_link import onboarding_url
from payments_app.merchants.read_again import read_looked_at
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.gate import asking
from payments_app.portal.payments import payments_of


@blueprint.get("", strict_slashes=False)
@merchant
def home() -> BaseResponse:
    """Where a merchant begins."""
    return redirect(url_for("portal.payments"), 303)


@blueprint.get("/payments")
@merchant
@takes("before")
def payments() -> Response:
    """The merchant's own payments, newest first."""
    session, own = db.session(), asking()
    found = find(session, own.id)
    read_looked_at([own.id])
    return page(
        "payments.html",
        found=payments_of(session, own.id, place_in_list()),
        account=found[1] if found else None,
        state=state_of(found[1]) if found else None,
        onboarding=onboarding_url(own.id) if found else None,
    )
