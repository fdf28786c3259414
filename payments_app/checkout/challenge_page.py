"""The provider's challenge, on a page of its own before the one where a card is typed."""

from __future__ import annotations

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout import buyers, challenge, turnstile
from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.offers import offer_of, placed
from payments_app.core.extensions import db
from payments_app.core.language import Words
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private, shows_challenge
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.visitor import visitor_network

_NOT_SOLVED = Words("The check wasn't completed. Please try again.")
_AWAY = Words("We couldn't complete the check just now. Please try again in a moment.")


@blueprint.get("/checkout/<item>/challenge")
@buyer
@shows_challenge
def challenge_page(item: str) -> Response | BaseResponse:
    """The challenge; who need not solve one goes on to the form."""
    _require(item)
    buyers.browser()
    if not (challenge.must_prove() or challenge.was_asked()):
        return _to_form(item)
    return _page(item)


@blueprint.post("/checkout/<item>/challenge")
@buyer
@shows_challenge
def prove(item: str) -> Response | BaseResponse:
    """Ask the provider whether it was solved, and go on to the form."""
    rate = Rate.parse(current_app.config["CONFIG"].checkout_rate_limit)
    limiter().check("challenge", rate, f"address:{visitor_network()}")
    _require(item)
    buyers.browser()
    db.session.rollback()  # no connection is held while the provider is asked
    try:
        if not turnstile.is_solved(request.form.get(turnstile.FIELD, "")):
            return _page(item, 422, _NOT_SOLVED)
    except turnstile.ProviderAwayError:
        return _page(item, 503, _AWAY)
    challenge.remember_proof()
    return _to_form(item)


def _require(item: str) -> None:
    """Raises NotFound where no provider is used, and for what nobody can pay for."""
    session = db.session()
    if not turnstile.is_used() or (placed(session, item) or offer_of(session, item)) is None:
        raise NotFound


def _to_form(item: str) -> BaseResponse:
    return private(make_response(redirect(url_for("checkout.form", item=item), 303)))


def _page(item: str, status: int = 200, problem: str | None = None) -> Response:
    page = render_template(
        "checkout/challenge.html", item=item, problem=problem, action=turnstile.ACTION
    )
    return private(make_response(page, status))
