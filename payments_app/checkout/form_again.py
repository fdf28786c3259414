"""The checkout's form again, with what was typed and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, make_response, redirect, request, session, url_for
from flask_wtf.csrf import CSRFError

from payments_app.checkout.offers import offer_of
from payments_app.checkout.pages import form_page
from payments_app.core.extensions import csrf, db
from payments_app.core.web.headers import private
from payments_app.core.web.http import ProblemError, wants_json


def form_left() -> str | None:
    """The form that this browser was last shown again, under the address that it was sent to."""
    item = session.get("form")
    return url_for("checkout.form", item=item) if item else None


def form_again(problem: ProblemError) -> Response:
    """The form with what was typed, what is wrong and a new key. Whoever wants JSON, and a form
    that expired or names nothing, gets the problem alone."""
    away = problem.status in {413, 415, 503} and problem.code != "busy"
    if wants_json() or problem.code == "form_expired" or away:
        raise problem
    if problem.code == "challenge_required" and "url" in problem.more:
        return private(make_response(redirect(problem.more["url"], 303)))
    offer = offer_of(db.session(), request.form.get("item", ""))
    if offer is None:
        raise problem
    session["form"] = offer.item
    response = form_page(offer, _typed_here(), problem)
    response.status_code = problem.status
    response.headers.extend(problem.headers)
    return private(response)


def _typed_here() -> Mapping[str, str]:
    """What was typed on a page of ours. Any site may send a form here, and fills in none of ours:
    a card would be charged under the address that it chose."""
    try:
        csrf.protect()
    except CSRFError:
        return {}
    return request.form
