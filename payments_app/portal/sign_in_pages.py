"""Signing in and out."""

from __future__ import annotations

from flask import Response, current_app, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.card_numbers import refuse
from payments_app.core.extensions import db
from payments_app.core.web import visitor_sessions
from payments_app.core.web.access import merchant, public
from payments_app.core.web.headers import private
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.links import masked
from payments_app.core.web.one_time_links import minutes
from payments_app.core.web.visitor import visitor_network
from payments_app.portal.blueprint import blueprint, page
from payments_app.portal.gate import asking
from payments_app.portal.sign_in import (
    PURPOSE,
    ask_for_link,
    merchant_of_link,
    open_link,
    signed_in_merchant,
)


@blueprint.get("/sign_in")
@public
def sign_in_page() -> Response:
    """The form that asks for a link."""
    return _ask()


@blueprint.post("/links")
@public
def create_link() -> Response:
    """Ask for the link. The answer is the same whether the address is a merchant's or not."""
    rate = Rate.parse(current_app.config["CONFIG"].checkout_rate_limit)
    email = request.form.get("email", "")[:254].strip()
    refuse(email)
    # Not by e-mail: a stranger would keep the merchant out. One mail a minute is sent at most.
    limiter().check("portal", rate, f"address:{visitor_network()}")
    if "@" not in email:
        return _ask(422, email=email, wrong=True)
    ask_for_link(email)
    return page("asked.html", email=email, minutes=minutes())


@blueprint.get("/links/<token>")
@public
def open_portal(token: str) -> Response:
    """The mailed link asks whose pages are meant. It lets nobody in: any page on the web, and
    every scanner of mails, can open an address."""
    named, before = merchant_of_link(db.session(), token), signed_in_merchant(db.session())
    if named is None:
        return _ask(410, too_old=True)
    response = page(
        "continue.html",
        token=token,
        name=named.name,
        address=masked(named.email),
        before=f"{before.name} ({masked(before.email)})" if before not in (None, named) else None,
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.post("/links/<token>")
@public
def enter(token: str) -> Response | BaseResponse:
    """The link's button, which spends it: this browser is the merchant's for a working day."""
    if not open_link(token):
        return _ask(410, too_old=True)
    return private(make_response(redirect(url_for("portal.payments"), 303)))


@blueprint.post("/leave")
@merchant
def leave() -> BaseResponse:
    """This browser is nobody's any more."""
    visitor_sessions.sign_out(PURPOSE)
    return redirect(url_for("portal.sign_in_page"), 303)


@blueprint.get("/sessions")
@merchant
def sessions() -> Response:
    """The browsers that are this merchant's."""
    found = visitor_sessions.sessions_of(db.session(), PURPOSE, asking().id)
    return page("sessions.html", sessions=found, here=visitor_sessions.of_this_browser(PURPOSE))


@blueprint.post("/leave_everywhere")
@merchant
def leave_everywhere() -> BaseResponse:
    """No browser is this merchant's any more."""
    visitor_sessions.sign_out_everywhere(PURPOSE, asking().id, asking().id)
    return redirect(url_for("portal.sign_in_page"), 303)


def _ask(
    status: int = 200, *, email: str = "", wrong: bool = False, too_old: bool = False
) -> Response:
    return page("sign_in.html", status, email=email, wrong=wrong, too_old=too_old)
