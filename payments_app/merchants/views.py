"""A merchant's onboarding page: from us to Stripe's own form, and back."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.extensions import db
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.merchants import onboarding
from payments_app.merchants.accounts import CREATING, state_of
from payments_app.merchants.models import ConnectedAccount, Merchant
from payments_app.merchants.onboarding_link import merchant_of
from payments_app.merchants.requirements import asked_for

REFRESH_SECONDS = 1.5  # between looks at what a job of ours makes
blueprint = Blueprint("merchants", __name__)


@blueprint.get("/onboarding/<token>")
@buyer
def show(token: str) -> Response | BaseResponse:
    """Where the onboarding is, and the way on. Also where Stripe sends the merchant back to."""
    merchant, account = _found(db.session(), token)
    if "back" in request.args:
        onboarding.returned_from_stripe(merchant.id)
        return redirect(url_for("merchants.show", token=token), 303)
    state = state_of(account)
    link = onboarding.open_link(db.session(), merchant.id)
    page = render_template(
        "merchants/onboarding.html",
        merchant=merchant,
        account=account,
        state=state,
        asked=asked_for(account),
        link=link,
        waiting=state == CREATING or ("wait" in request.args and link is None),
        seconds=REFRESH_SECONDS,
        token=token,
    )
    response = private(make_response(page))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.post("/onboarding/<token>")
@buyer
def ask(token: str) -> BaseResponse:
    """Ask for a new link to Stripe's form; a job makes it."""
    merchant, _ = _found(db.session(), token)
    onboarding.request_link(merchant.id)
    return redirect(url_for("merchants.show", token=token, wait=1), 303)


def _found(session: Session, token: str) -> tuple[Merchant, ConnectedAccount]:
    """Raises NotFound, for a forged or old address as for an unknown merchant."""
    merchant_id = merchant_of(token)
    found = onboarding.find(session, merchant_id) if merchant_id else None
    if found is None:
        raise NotFound
    return found
