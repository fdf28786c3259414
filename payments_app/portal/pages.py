"""A merchant's payments, and how their account at Stripe stands."""

from __future__ import annotations

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.web import exports
from payments_app.core.web.access import merchant
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.query import place_in_list, takes
from payments_app.merchants.accounts import state_of
from payments_app.merchants.onboarding import find
from payments_app.merchants.onboarding_link import onboarding_url
from payments_app.merchants.read_again import read_looked_at
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.filters import VIEWS, place, read_filters
from payments_app.portal.gate import asking
from payments_app.portal.payment_facts import status_of
from payments_app.portal.payments import PAGE_SIZE, SCANNED, payments_of
from payments_app.portal.search import NEWEST

SEARCHED = Rate(30, 60)


@blueprint.get("", strict_slashes=False)
@merchant
def home() -> BaseResponse:
    """Where a merchant begins."""
    return redirect(url_for("portal.payments"), 303)


@blueprint.get("/payments")
@merchant
@takes("before", "view", "q")
def payments() -> Response:
    """The merchant's own payments, newest first; those of a view, or that match what was typed."""
    session, own = db.session(), asking()
    conditions, given = read_filters(own.id)
    if "q" in given:
        limiter().check("portal_search", SEARCHED, own.id)
    found = find(session, own.id)
    read_looked_at([own.id])
    with exports.long_page(exports.MERCHANT, own.id):
        listed = payments_of(
            session, own.id, place_in_list(), PAGE_SIZE, conditions, searched="q" in given
        )
    return page(
        "payments.html",
        found=listed,
        given=given,
        views=VIEWS,
        newest=NEWEST,
        scanned=SCANNED,
        status_of=status_of,
        searched=given.get("q", ""),
        place=place(),
        view=given.get("view", ""),
        account=found[1] if found else None,
        state=state_of(found[1]) if found else None,
        onboarding=onboarding_url(own.id) if found else None,
    )
